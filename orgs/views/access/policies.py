"""What opening a secret demands, by class: shown to every member, decided by owners."""

from dataclasses import asdict
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.gate import person
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.demands import DEFAULTS, DEMANDS, Demands, worded
from orgs.errors import OrganizationError, ProofNeeded
from orgs.forms import refuse
from orgs.forms.policies import ABOUT, LoweringForm, PolicyForm
from orgs.models import Organization
from orgs.permissions import Permission, permissions_of
from orgs.permissions.changes import ChangePolicy
from orgs.preview import preview
from orgs.selectors import organization_for
from orgs.selectors.policies import approvers_in, policies_in
from orgs.services import change_policy
from orgs.services.policies import CHANGES_POLICIES
from orgs.views.lowering import CONFIRMED, carried, fresh_proof, prove


@require_GET
def policies(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Every class with what it is for and what it demands."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    stored = policies_in(found.uid)
    cards = [
        {
            "classification": each,
            "about": ABOUT[each],
            "demands": [worded(stored[each], name) for name in DEMANDS] if each in stored else None,
        }
        for each in reversed(Classification)
    ]
    may_change = CHANGES_POLICIES in permissions_of(actor, found)
    return render(request, "access/policies.html", {"cards": cards, "may_change": may_change, "nav": "access"})


@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, organization: UUID, classification: str) -> HttpResponse:
    """The demands of one class. What lowers one, locks somebody out or can never be met is shown before it is saved."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, CHANGES_POLICIES))
    named = _named(classification)
    before = policies_in(found.uid).get(named)
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=asdict(before or DEFAULTS[named]))
    if not form.is_valid():
        return _form_page(request, named, before, form)
    demands = form.demands
    proof = fresh_proof(request)
    asked = None
    if request.POST.get(CONFIRMED) == "yes":
        if proof is None and any(request.POST.get(name) is not None for name in ("code", "password")):
            asked = LoweringForm(request.POST, person=actor)
            proof = prove(request, asked)
    elif _needs_confirmation(before, demands):
        return _confirm_page(request, found, named, before, demands, None)
    if asked is None or proof is not None:
        try:
            change_policy(actor=actor, organization=found, classification=named, demands=demands, proof=proof)
        except ProofNeeded:
            pass
        except OrganizationError as error:
            refuse(form, error)
            return _form_page(request, named, before, form)
        else:
            messages.success(request, f"The policy for what is {named.label.lower()} is saved.")
            return redirect("orgs:policies", found.uid)
    return _confirm_page(request, found, named, before, demands, asked)


def _named(word: str) -> Classification:
    try:
        return Classification[word.upper()]
    except KeyError:
        raise Http404 from None


def _lowers(before: Demands | None, after: Demands) -> bool:
    return before is None or bool(after.lowered_from(before))


def _needs_confirmation(before: Demands | None, after: Demands) -> bool:
    raised = before is not None and after.approvals > before.approvals
    return _lowers(before, after) or raised


def _warning(organization: Organization, after: Demands) -> str:
    """What could never, or hardly, be met; empty if there are enough who can approve."""
    approvers = approvers_in(organization.uid)
    people = "1 person" if approvers == 1 else f"{approvers} people"
    if after.approvals > approvers:
        return (
            f"{people} here can approve access, and {after.approvals} would have to: nobody could get any. Ask for "
            "fewer, or give more people the permission to approve requests first."
        )
    if after.approvals and after.approvals == approvers:
        return (
            f"{people} here can approve access, and nobody approves for himself: they could get none. Ask for fewer, "
            "or let one more person approve."
        )
    return ""


def _form_page(request: HttpRequest, named: Classification, before: Demands | None, form: PolicyForm) -> HttpResponse:
    context = {"form": form, "named": named, "about": ABOUT[named], "missing": before is None, "nav": "access"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/policy.html", context, status=status)


def _confirm_page(
    request: HttpRequest,
    organization: Organization,
    named: Classification,
    before: Demands | None,
    after: Demands,
    form: LoweringForm | None,
) -> HttpResponse:
    """What would be different, for whom; with a bound `form` what is wrong with the proof."""
    actor = person(request)
    lowers = _lowers(before, after)
    changed = list(DEMANDS) if before is None else after.differing_from(before)
    changes = None
    if before is not None and after.approvals != before.approvals:
        changes = preview(actor, organization, ChangePolicy(named, after.approvals))
    if lowers and form is None and fresh_proof(request) is None:
        form = LoweringForm(person=actor)
    context = {
        "named": named,
        "rows": [(None if before is None else worded(before, name), worded(after, name)) for name in changed],
        "lowers": lowers,
        "warning": _warning(organization, after),
        "changes": changes,
        "form": form,
        "fields": carried(request),
        "nav": "access",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.is_bound else HTTPStatus.OK
    return render(request, "access/policy_confirm.html", context, status=status)
