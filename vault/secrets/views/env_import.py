"""Importing a `.env`: the text, the preview, the decision. The text is never kept on the server in between."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.gate import person
from orgs.context import enter_organization
from orgs.models import Environment
from orgs.permissions import Permission
from orgs.selectors import environment_for
from vault.secrets.env_file import UnreadableFile
from vault.secrets.errors import LinesNotImportable, NothingToImport, PreviewOutdated
from vault.secrets.evidence import Evidence
from vault.secrets.forms.importing import EnvImportForm, EnvTextForm, packed
from vault.secrets.forms.opening import ANSWERS
from vault.secrets.services import Imported, Preview, import_env, preview_env_import
from vault.secrets.views.opening import Asking, with_evidence


@sensitive_post_parameters(*ANSWERS)
@require_http_methods(["GET", "POST"])
def env_import(request: HttpRequest, environment: UUID) -> HttpResponse:
    """`step` says what a form is: the text to preview, the text to mend, or the import of what was previewed."""
    actor = person(request)
    place = environment_for(actor, environment, Permission.SECRET_WRITE, partly=True)
    environment_for(actor, environment, Permission.SECRET_REVEAL, partly=True)
    enter_organization(request, place.organization)
    step = request.POST.get("step", "")
    if request.method != "POST":
        return _text_page(request, place, EnvTextForm())
    if step == "preview":
        form = EnvTextForm(request.POST, request.FILES)
        if not form.is_valid():
            return _text_page(request, place, form)
        return _previewed(request, place, form.cleaned_data["text"], form)
    sent = EnvImportForm(request.POST)
    if not sent.is_valid():
        form = EnvTextForm({})
        form.add_error("text", "The preview did not come back whole. Paste the text again.")
        return _text_page(request, place, form)
    if step == "mend":
        return _text_page(request, place, EnvTextForm(initial={"text": sent.cleaned_data["text"]}))
    return _imported(request, place, sent)


def _previewed(
    request: HttpRequest, place: Environment, text: str, form: EnvTextForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    def opening(evidence: Evidence) -> Preview:
        return preview_env_import(actor=person(request), environment=place, text=text, evidence=evidence)

    try:
        preview = with_evidence(request, opening, lambda: _asking(place, {"step": "preview", "text": text}))
    except (UnreadableFile, NothingToImport) as error:
        form.add_error("file" if form.files.get("file") else "text", str(error))
        return _text_page(request, place, form)
    if isinstance(preview, HttpResponse):
        return preview
    return _preview_page(request, place, preview, text, problem=problem, status=status)


def _imported(request: HttpRequest, place: Environment, sent: EnvImportForm) -> HttpResponse:
    text = sent.cleaned_data["text"]

    def opening(evidence: Evidence) -> Imported:
        return import_env(
            actor=person(request),
            environment=place,
            text=text,
            seal=sent.cleaned_data["seal"],
            accept_invalid=sent.cleaned_data["accept_invalid"],
            evidence=evidence,
        )

    try:
        done = with_evidence(request, opening, lambda: _asking(place))
    except PreviewOutdated as error:
        return _previewed(
            request, place, text, EnvTextForm({"text": text}), problem=str(error), status=HTTPStatus.CONFLICT
        )
    except LinesNotImportable as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _previewed(request, place, text, EnvTextForm({"text": text}), problem=str(error), status=status)
    except (UnreadableFile, NothingToImport) as error:
        form = EnvTextForm({"text": text})
        form.add_error("text", str(error))
        return _text_page(request, place, form)
    if isinstance(done, HttpResponse):
        return done
    messages.success(request, f"Imported: {done.new} new, {done.changed} changed, {done.equal} the same as before.")
    return redirect("secrets:project", place.project_id)


def _asking(place: Environment, carried: dict[str, str] | None = None) -> Asking:
    """The page that asks for what comparing takes; a file that was chosen is carried as its text."""
    what = f"values of {place.name}, to compare them"
    back_url = reverse("secrets:env_import", args=[place.pk])
    return Asking(place.organization, what, back_url, submit="Go on", carried=carried, nav="projects")


def _text_page(request: HttpRequest, place: Environment, form: EnvTextForm) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {"environment": place, "form": form, "nav": "projects"}
    return render(request, "secrets/env_text.html", context, status=status)


def _preview_page(
    request: HttpRequest, place: Environment, preview: Preview, text: str, *, problem: str, status: int
) -> HttpResponse:
    context = {
        "environment": place,
        "preview": preview,
        "counts": preview.counts,
        "packed": packed(text),
        "problem": problem,
        "nav": "projects",
    }
    return render(request, "secrets/env_preview.html", context, status=status)
