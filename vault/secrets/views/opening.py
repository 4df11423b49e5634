"""Opening a value behind a policy: asks for what is missing, in the same place, and then opens.

What is asked for is sent to the very address that opens, with everything that was sent there before. So it works
without a script, as a page that leads to the value, and with one, as a form that appears where the value will.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.errors import AccountError
from accounts.forms import refuse
from accounts.gate import person
from accounts.services import prove_again, remembered_proof
from orgs.context import enter_organization
from orgs.models import Organization
from vault.errors import wants_json
from vault.secrets.errors import EvidenceNeeded, ReasonRefused
from vault.secrets.evidence import Evidence
from vault.secrets.forms.opening import ANSWERS, EvidenceForm
from vault.secrets.models import Secret

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """How the page that asks looks: what is opened, where Cancel leads, and what to send besides the answers (None:
    what was sent)."""

    organization: Organization
    what: str
    back_url: str
    submit: str = "Open"
    secret: Secret | None = None
    carried: Mapping[str, str] | None = None
    nav: str = "secrets"


def with_evidence(
    request: HttpRequest, opening: Callable[[Evidence], T], asking: Callable[[], Asking]
) -> T | HttpResponse:
    """What `opening` gives, or the response that asks for what it lacks. Other exceptions of `opening` pass through."""
    evidence = Evidence(remembered_proof(request), request.POST.get("reason", ""))
    try:
        return opening(evidence)
    except EvidenceNeeded as error:
        needed = error
    except ReasonRefused:
        needed = EvidenceNeeded(step_up=False, reason=True)
    answered = any(name in request.POST for name in ANSWERS)
    form = EvidenceForm(request.POST if answered else None, person=person(request), needed=needed)
    if form.is_valid():
        try:
            if needed.step_up:
                evidence = Evidence(prove_again(actor=person(request), request=request, **form.proof))
            return opening(Evidence(evidence.proof, form.cleaned_data.get("reason", "")))
        except AccountError as error:
            refuse(form, error)
        except EvidenceNeeded as error:  # the policy was raised in this very moment: ask for that as well
            needed = error
            form = EvidenceForm(person=person(request), needed=needed)
    return _asked(request, form, needed, asking)


def _asked(
    request: HttpRequest, form: EvidenceForm, needed: EvidenceNeeded, asking: Callable[[], Asking]
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.FORBIDDEN
    if wants_json(request):
        errors = {name: [str(each) for each in found] for name, found in form.errors.items()}
        asks = {"step_up": needed.step_up, "reason": needed.reason}
        return JsonResponse({"reason": str(needed), "asks": asks, "errors": errors}, status=status)
    page = asking()
    enter_organization(request, page.organization)
    sent = request.POST.lists() if page.carried is None else [(name, [text]) for name, text in page.carried.items()]
    left_out = {*ANSWERS, "csrfmiddlewaretoken"}
    context = {
        "form": form,
        "needed": needed,
        "page": page,
        "secret": page.secret,
        "carried": [(name, str(text)) for name, texts in sent for text in texts if name not in left_out],
        "nav": page.nav,
    }
    return render(request, "secrets/opening.html", context, status=status)
