"""Creating a secret, and making its next version."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.errors import AccountError
from accounts.forms import refuse
from accounts.gate import person
from accounts.services import prove_again, remembered_proof
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.models import Environment
from orgs.permissions import Permission, permissions_of
from orgs.selectors import environment_for
from vault.errors import error_response
from vault.secrets.errors import Conflict, EvidenceNeeded, InTrash, SecretError
from vault.secrets.evidence import Evidence
from vault.secrets.forms.editing import INHERIT, SecretEditForm, SecretForm, initial_of
from vault.secrets.forms.generating import GeneratorForm
from vault.secrets.forms.opening import ANSWERS, EvidenceForm
from vault.secrets.kinds import ABOUT, ICONS, Kind
from vault.secrets.models import Secret, class_source
from vault.secrets.payload import InvalidPayload
from vault.secrets.selectors import permitted_on, secret_for, tags_in_use, version_for_display
from vault.secrets.services import Revealed, RevealPurpose, create_secret, reveal_secret, update_secret
from vault.secrets.views.opening import Asking, with_evidence

KIND_CARDS = [(kind, ICONS[kind], ABOUT[kind]) for kind in Kind]


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, environment: UUID) -> HttpResponse:
    """First the kind (`?kind=`), then its form; `?name=` fills in a name that is missing here."""
    actor = person(request)
    place = environment_for(actor, environment, Permission.SECRET_WRITE, partly=True)
    enter_organization(request, place.organization)
    wanted = request.GET.get("kind", "")
    if wanted not in Kind.values:
        context = {"environment": place, "cards": KIND_CARDS, "name": request.GET.get("name", ""), "nav": "secrets"}
        return render(request, "secrets/choose_kind.html", context)
    kind = Kind(wanted)
    form = SecretForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        kind=kind,
        **_classes_for_new(request, place),
        initial={"name": request.GET.get("name", "")[:200], "classification": INHERIT},
    )
    if form.is_valid():
        try:
            secret = create_secret(
                actor=actor,
                environment=place,
                kind=kind,
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                tags=form.cleaned_data["tags"],
                classification=form.cleaned_data["classification"],
                values=form.values,
            )
        except (SecretError, ValidationError, InvalidPayload) as error:
            form.refuse(error)
        else:
            messages.success(request, f"{secret.name} is stored.")
            if "another" in request.POST:
                return redirect(f"{request.path}?kind={kind.value}")
            return redirect("secrets:detail", secret.pk)
    context = {
        "form": form,
        "environment": place,
        "kind": kind,
        "tags_in_use": tags_in_use(actor, place.organization),
        "generator_form": GeneratorForm(auto_id="generator_%s"),
        "nav": "secrets",
    }
    return render(request, "secrets/create.html", context, status=_status(form))


@sensitive_post_parameters(*ANSWERS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, secret: UUID) -> HttpResponse:
    """The next version. A blank field keeps what is stored; nothing stored is shown unless it is asked for."""
    actor = person(request)
    found = secret_for(actor, secret, Permission.SECRET_WRITE)
    if found.trashed_at is not None:
        return error_response(request, HTTPStatus.CONFLICT, str(InTrash()))
    if request.method != "POST":
        form = SecretEditForm(**_made_for(found), initial=_initial(found))
        return _edit_page(request, found, form)
    if "fill" in request.POST:
        return _filled_in(request, found)
    form = SecretEditForm(request.POST, request.FILES, **_made_for(found))
    if not form.is_valid():
        return _edit_page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if any(request.POST.get(name) for name in ANSWERS):
        needed = EvidenceNeeded(step_up=True, reason=False, act="lower the classification")
        answers = EvidenceForm(request.POST, person=actor, needed=needed)
        if not _proved(request, answers):
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return _edit_page(request, found, form, status=status, lowering=(needed, answers))
    try:
        saved = _saved(request, found, form)
    except EvidenceNeeded as needed:
        return _lowering_page(request, found, form, needed)
    except Conflict as conflict:
        return _conflict_page(request, found, conflict)
    except (SecretError, ValidationError, InvalidPayload) as error:
        form.refuse(error)
        status = HTTPStatus.CONFLICT if isinstance(error, InTrash) else HTTPStatus.UNPROCESSABLE_ENTITY
        return _edit_page(request, found, form, status=status)
    if saved.version == form.cleaned_data["base_version"]:
        messages.info(request, "Nothing was different, so no version was made.")
    else:
        messages.success(request, f"{saved.name} is saved as version {saved.version}.")
    return redirect("secrets:detail", saved.pk)


def _saved(request: HttpRequest, found: Secret, form: SecretEditForm) -> Secret:
    """Saves a valid form."""
    return update_secret(
        actor=person(request),
        secret=found,
        base_version=form.cleaned_data["base_version"],
        name=form.cleaned_data["name"],
        description=form.cleaned_data["description"],
        tags=form.cleaned_data["tags"],
        classification=form.cleaned_data["classification"],
        values=form.values,
        clear=form.cleared,
        from_browser=True,
        proof=remembered_proof(request),
    )


def _proved(request: HttpRequest, answers: EvidenceForm) -> bool:
    """Whether the answers prove who the person is; else they say what is wrong."""
    if not answers.is_valid():
        return False
    try:
        prove_again(actor=person(request), request=request, **answers.proof)
    except AccountError as error:
        refuse(answers, error)
        return False
    return True


def _lowering_page(request: HttpRequest, found: Secret, form: SecretEditForm, needed: EvidenceNeeded) -> HttpResponse:
    """The form as it was sent, with what lowering the class takes."""
    if any(request.FILES.values()):
        form.refuse(ValidationError([]))
    answers = EvidenceForm(person=person(request), needed=needed)
    return _edit_page(request, found, form, status=HTTPStatus.FORBIDDEN, lowering=(needed, answers))


def _filled_in(request: HttpRequest, secret: Secret) -> HttpResponse:
    """The form with the stored values in it, a reveal like any other; what was typed already stays."""
    actor = person(request)

    def opening(evidence: Evidence) -> Revealed:
        return reveal_secret(actor=actor, secret=secret.pk, purpose=RevealPurpose.EDIT, evidence=evidence)

    def asking() -> Asking:
        back_url = reverse("secrets:edit", args=[secret.pk])
        return Asking(secret.organization, secret.name, back_url, submit="Fill in", secret=secret)

    try:
        revealed = with_evidence(request, opening, asking)
    except SecretError as error:
        return error_response(request, error.status, str(error))
    if isinstance(revealed, HttpResponse):
        return revealed
    metadata = ("name", "description", "tags", "classification", "base_version")
    typed = {name: request.POST[name] for name in metadata if name in request.POST}
    values = {f"field_{name}": request.POST.get(f"field_{name}") or value for name, value in revealed.items()}
    form = SecretEditForm(**_made_for(secret), initial={**_initial(secret), **typed, **values})
    return _edit_page(request, secret, form, filled_for=revealed.seconds)


def _conflict_page(request: HttpRequest, secret: Secret, conflict: Conflict) -> HttpResponse:
    """What the person entered, kept, with what came in between; saving again is a decision then."""
    latest = secret_for(person(request), secret.pk, Permission.SECRET_WRITE)
    data = request.POST.copy()
    data["base_version"] = str(conflict.current)
    form = SecretEditForm(data, request.FILES, **_made_for(latest))
    if form.is_valid() and any(request.FILES.values()):
        form.refuse(ValidationError([]))
    return _edit_page(request, latest, form, status=HTTPStatus.CONFLICT, conflict=conflict)


def _edit_page(
    request: HttpRequest,
    secret: Secret,
    form: SecretEditForm,
    *,
    status: int = HTTPStatus.OK,
    conflict: Conflict | None = None,
    filled_for: int | None = None,
    lowering: tuple[EvidenceNeeded, EvidenceForm] | None = None,
) -> HttpResponse:
    """`filled_for`: for how many seconds the stored values that are filled in may be seen; None: none are.

    `lowering`: what is asked for in order to lower the class, and the form for it.
    """
    enter_organization(request, secret.organization)
    permitted = permitted_on(secret)
    context = {
        "form": form,
        "secret": secret,
        "kind": Kind(secret.kind),
        "conflict": conflict,
        "filled_for": filled_for,
        "lowering": lowering,
        "may_fill": Permission.SECRET_REVEAL in permitted and bool(form.stored) and filled_for is None,
        "tags_in_use": tags_in_use(person(request), secret.organization),
        "generator_form": GeneratorForm(auto_id="generator_%s"),
        "permitted": permitted,
        "nav": "secrets",
    }
    return render(request, "secrets/edit.html", context, status=status)


def _classes_for_new(request: HttpRequest, place: Environment) -> dict[str, Any]:
    """What the form for a new secret says about classes: only who configures the project goes below its own."""
    inherited = Classification(place.classification)
    may_lower = Permission.PROJECT_CONFIGURE in permissions_of(person(request), place)
    least = Classification.INTERNAL if may_lower else inherited
    return {"inherited": inherited, "source": class_source(place.project, place), "least": least}


def _made_for(secret: Secret) -> dict[str, Any]:
    """What the form for editing `secret` is made of; only who configures the project lowers its class."""
    may_lower = Permission.PROJECT_CONFIGURE in permitted_on(secret)
    return {
        "kind": Kind(secret.kind),
        "stored": _stored(secret),
        "inherited": Classification(secret.environment.classification),
        "source": secret.class_source,
        "least": Classification.INTERNAL if may_lower else secret.effective_classification,
    }


def _stored(secret: Secret) -> list[str]:
    """The names of the fields that hold something now."""
    version = version_for_display(secret, secret.version)
    return list(version.field_names) if version else []


def _initial(secret: Secret) -> dict[str, object]:
    return initial_of(
        name=secret.name,
        description=secret.description,
        tags=secret.tags.order_by("name").values_list("name", flat=True),
        classification=secret.classification,
        base_version=secret.version,
    )


def _status(form: SecretForm) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
