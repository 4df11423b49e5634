"""Long work on keys: its page drives it piece by piece, with a script or with a button, and shows how far it is."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.gate import person
from accounts.models import User
from orgs.models import Organization
from vault.custody import selectors
from vault.custody.access import administrator, instance_operation_of, operation_of, organization_of, whole_instance
from vault.custody.errors import CustodyError, OperationUnderWay
from vault.custody.failures import shown_failures
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation
from vault.custody.presentation import Progress, failed_in
from vault.custody.services import advance_operation, advance_verification, start_operation
from vault.errors import error_response, wants_json
from vault.keys.purposes import Purpose

SECONDS = 1.0
"""How long one piece of work takes at most: somebody waits for the answer."""
PAUSE = 1
"""Seconds that the page waits when nothing was left for it to do: others are at work on the last rows."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation is shown: on the pages of its organization, or on those of the instance (None)."""

    organization: Organization | None

    def url(self, name: str, *arguments: UUID) -> str:
        """The address `name` of that place."""
        if self.organization is None:
            return reverse(f"custody:instance_{name}" if name != "keys" else "custody:instance", args=arguments)
        return reverse(f"custody:{name}", args=[self.organization.uid, *arguments])


_BY_COMMAND = "New keys, everything moved to them, a signed report. The command that began it does it, or housekeeping."
TITLES = {
    OperationKind.REWRAP: (
        "Moving values to the new key",
        "The new key is active. What lies under older ones moves over.",
    ),
    OperationKind.REENCRYPT: ("Encrypting values anew", "Every value gets a new key of its own, under the active key."),
    OperationKind.VERIFY: ("Verifying", "Every value is opened once, and none is shown."),
    OperationKind.COMPROMISE: ("Replacing a compromised key", _BY_COMMAND),
    OperationKind.ROOT_COMPROMISE: ("Replacing a compromised root key", _BY_COMMAND),
}
"""The heading, and a sentence for as long as it is under way."""
_ADVANCE = {
    OperationKind.REWRAP: advance_operation,
    OperationKind.REENCRYPT: advance_operation,
    OperationKind.VERIFY: advance_verification,
}
"""What a page can go on with, and how."""


def move_values(*, actor: User, scope: str, purpose: Purpose) -> KeyOperation:
    """Begins to move the values of a key that was just superseded, or finds the work that is under way already."""
    try:
        return start_operation(actor=actor, kind=OperationKind.REWRAP, scope=scope, purpose=purpose)
    except OperationUnderWay:
        operation = selectors.open_operation(scope, purpose)
        if operation is None:
            raise
        return operation


@require_safe
def operation(request: HttpRequest, organization: UUID, operation: UUID) -> HttpResponse:
    """How far an operation of the organization is."""
    found = organization_of(request, organization)
    return _show(request, operation_of(found, operation), Place(found))


@require_safe
@whole_instance
def instance_operation(request: HttpRequest, operation: UUID) -> HttpResponse:
    """How far an operation of the instance is."""
    administrator(request)
    return _show(request, instance_operation_of(operation), Place(None))


@require_POST
def advance(request: HttpRequest, organization: UUID, operation: UUID) -> HttpResponse:
    """Does about a second of the work."""
    found = organization_of(request, organization)
    return _advance(request, operation_of(found, operation), Place(found))


@require_POST
@whole_instance
def instance_advance(request: HttpRequest, operation: UUID) -> HttpResponse:
    """Does about a second of the work."""
    administrator(request)
    return _advance(request, instance_operation_of(operation), Place(None))


@dataclass(frozen=True, slots=True)
class ShownVerification:
    """The last verification that came to its end: what it found here, and where its page is. `failed`: whether
    something did not open here or, where not all was listed, may not have."""

    operation: KeyOperation
    failed: bool
    sentence: str
    url: str


def shown_verification(operation: KeyOperation | None, organization: Organization | None) -> ShownVerification | None:
    """As the page of the organization, or of the instance (None), shows it.

    A verification of everything belongs to the instance: an organization learns of it what is about its own values.
    """
    if operation is None:
        return None
    if organization is None or operation.organization_id == organization.uid:
        progress = Progress(operation)
        url = Place(organization).url("operation", operation.uid)
        return ShownVerification(operation, bool(operation.problem), progress.sentence, url)
    listed = operation.result.get("failures", ())
    own = sum(failure.get("scope") == organization.key_scope for failure in listed)
    doubtful = failed_in(operation) > len(listed) or (operation.problem and not listed)
    if own:
        sentence = f"{own:,} did not open. Verify again to see which."
    elif doubtful:
        sentence = "Not all of the instance opens. Verify again to see what is true of your values."
    elif operation.result.get("sample"):
        sentence = "Some values of the instance were opened."
    else:
        sentence = "Every value of the instance was opened."
    return ShownVerification(operation, bool(own or doubtful), sentence, "")


def _show(request: HttpRequest, operation: KeyOperation, place: Place) -> HttpResponse:
    title, lede = TITLES[OperationKind(operation.kind)]
    context = {
        "nav": "account" if place.organization is None else "keys",
        "tab": "keys",
        "title": title,
        "lede": lede if operation.running else "",
        "operation": operation,
        "driven": operation.kind in _ADVANCE,
        "progress": Progress(operation),
        "failures": shown_failures(operation, place.organization),
        "report_url": place.url("report", UUID(report)) if (report := operation.result.get("report")) else "",
        "back_url": place.url("keys"),
        "advance_url": place.url("advance", operation.uid),
    }
    return render(request, "custody/operation.html", context)


def _advance(request: HttpRequest, operation: KeyOperation, place: Place) -> HttpResponse:
    url = place.url("operation", operation.uid)
    done = operation.done
    try:
        if operation.running and (go_on := _ADVANCE.get(OperationKind(operation.kind))):
            operation = go_on(actor=person(request), operation=operation, seconds=SECONDS)
    except CustodyError as error:
        if wants_json(request):
            return error_response(request, error.status, str(error))
        messages.error(request, str(error))
        return HttpResponseRedirect(url)
    if not wants_json(request):
        return HttpResponseRedirect(url)
    progress = Progress(operation)
    return JsonResponse(
        {
            "done": progress.done,
            "total": progress.maximum,
            "percent": progress.percent,
            "sentence": progress.sentence,
            "ended": progress.ended,
            "url": url,
            "wait": PAUSE if operation.running and operation.done == done else 0,
        }
    )
