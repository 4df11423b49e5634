"""What a request may touch, and the one place where a refused access decision becomes a response."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.gate import Gate, gate_at
from accounts.models import User
from audit.actions import Action, Outcome
from audit.actor import Actor
from audit.services import record
from orgs.asking import address_of_asking
from orgs.permissions import AccessDenied
from orgs.permissions.origins import BROKEN
from orgs.selectors import organizations_of
from orgs.selectors.networks import askable
from vault import tenancy
from vault.errors import error_response, page_not_found


class TenancyMiddleware:
    """A request may touch the rows of the organizations in which the signed-in person is a member, and no others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with tenancy.within(*self.organizations(request)):
            return self.get_response(request)

    @staticmethod
    def organizations(request: HttpRequest) -> list[UUID]:
        """Those of the person. None for a page that is for everybody: whoever asks it, nobody has to be looked up."""
        if gate_at(request.path_info) in {Gate.PUBLIC, Gate.SESSIONLESS}:
            return []
        return organizations_of(request.user) if isinstance(request.user, User) else []


class AccessDeniedMiddleware:
    """Records a denial and answers it: 404 to those who may not know that the thing exists, 403 to the others.

    Exceptions arrive here after the services' transactions have ended, so the event is committed whatever was rolled
    back. A foreign object and a missing one get the same response, and both are recorded.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, AccessDenied):
            return None
        record(
            actor=request.user.audit_actor if isinstance(request.user, User) else Actor.anonymous(),
            action=Action.ACCESS_DENIED,
            outcome=Outcome.DENIED,
            organization_id=exception.organization_id,
            resource=exception.resource,
            details={
                "permission": exception.permission,
                "because": exception.decision.because,
                "visible": exception.visible,
                **({"grant": str(exception.decision.grant)} if exception.decision.grant else {}),
            },
        )
        if not exception.visible:
            return page_not_found(request)
        because = exception.decision.because
        said = f"{because[:1].upper()}{because[1:]}."
        if exception.decision.outside and exception.organization_id is not None:
            broken = because == BROKEN
            people = [] if broken else [each.name for each in askable(exception.organization_id)]
            return error_response(request, 403, said, outside=True, broken=broken, people=people)
        asked = ""
        if exception.organization_id is not None:
            asked = address_of_asking(exception.organization_id, exception.permission, exception.resource)
        return error_response(request, 403, said, ask_url=asked)
