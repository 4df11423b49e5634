"""The class of an environment: of all its secrets that have none of their own."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.gate import person
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.demands import DEMANDS, worded
from orgs.errors import LoweringNotConfirmed, ProofNeeded
from orgs.forms.policies import ABOUT, EnvironmentClassForm, LoweringForm
from orgs.models import Project
from orgs.permissions import Permission
from orgs.selectors import environment_for
from orgs.selectors.policies import policies_in
from orgs.services import classify_environment
from orgs.views.lowering import CONFIRMED, carried, fresh_proof, prove


@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def environment_classify(request: HttpRequest, environment: UUID) -> HttpResponse:
    """Says how many secrets it is about; a lower class asks once more, and for a proof."""
    actor = person(request)
    found = environment_for(actor, environment, Permission.PROJECT_CONFIGURE)
    enter_organization(request, found.organization)
    form = EnvironmentClassForm(
        request.POST if request.method == "POST" else None, initial={"classification": str(found.classification)}
    )
    inheriting = found.secrets.filter(classification__isnull=True).count()
    context = {
        "environment": found,
        "place": found.project.name if found.project.kind == Project.Kind.PASSWORDS else found.name,
        "current": Classification(found.classification),
        "form": form,
        "inheriting": inheriting,
        "others": found.secrets.filter(classification__isnull=False).count(),
        "choices": _choices(found.organization_id, form),
        "nav": "projects",
    }
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "orgs/environment_classify.html", context, status=status)
    wanted: Classification = form.cleaned_data["classification"]
    confirmed, asked, proof = request.POST.get(CONFIRMED) == "yes", None, fresh_proof(request)
    if confirmed and proof is None and any(name in request.POST for name in ("code", "password")):
        asked = LoweringForm(request.POST, person=actor)
        proof = prove(request, asked)
    if asked is None or proof is not None:
        try:
            classify_environment(
                actor=actor, environment=found, classification=wanted, confirmed=confirmed, proof=proof
            )
        except (ProofNeeded, LoweringNotConfirmed):
            pass
        else:
            messages.success(request, f"{context['place']} is {wanted.label.lower()} now.")
            return redirect("orgs:project_settings", found.project_id)
    if asked is None and proof is None:
        asked = LoweringForm(person=actor)
    context |= {"wanted": wanted, "proof": asked, "fields": carried(request)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked is not None and asked.is_bound else HTTPStatus.OK
    return render(request, "orgs/environment_lower.html", context, status=status)


def _choices(organization_id: UUID, form: EnvironmentClassForm) -> list[dict[str, object]]:
    """Each class with what it is for and what it demands."""
    policies = policies_in(organization_id)
    return [
        {
            "radio": radio,
            "about": ABOUT[each],
            "demands": ", ".join(worded(policies[each], name) for name in DEMANDS) if each in policies else "",
        }
        for radio, each in zip(form["classification"], Classification, strict=True)
    ]
