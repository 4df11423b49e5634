"""What every page of an organization says about access: what waits for the person, and what is owed."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject, cached_property

from accounts.models import User
from orgs.models import Organization
from orgs.selectors import membership_of
from vault.access.models import AccessRequest, BreakGlassUse, Reviewer
from vault.access.selectors.break_glass import is_owner, owed_in
from vault.access.selectors.requests import approved_by, waiting_for
from vault.access.selectors.reviews import campaigns_in, reviewer_of
from vault.seals import genuine


class Waiting:
    """One cheap query says whether there is anything at all, which mostly there is not; more are made only then."""

    def __init__(self, user: User, organization: Organization) -> None:
        self._user, self._organization = user, organization
        self._requests, self._uses, self._campaigns = _anything(organization.uid, user.pk)

    @cached_property
    def requests(self) -> int:
        """How many open requests the person may answer, and has not approved."""
        return len(waiting_for(self._user, self._organization, timezone.now())) if self._requests else 0

    @cached_property
    def reviews(self) -> list[BreakGlassUse]:
        """The uses of break-glass that nobody has reviewed, for owners."""
        if not self._uses:
            return []
        membership = membership_of(self._user, self._organization)
        return owed_in(self._organization.uid) if membership is not None and is_owner(membership) else []

    @cached_property
    def campaigns(self) -> int:
        """How many open reviews of access the person decides in."""
        if not self._campaigns:
            return 0
        reviewing = _reviewing(self._organization.uid, self._user.pk)
        campaigns = genuine(campaigns_in(self._organization.uid).filter(pk__in=reviewing.values("campaign_id")))
        return sum(reviewer_of(self._user, each) is not None for each in campaigns)


def _reviewing(organization_id: UUID, user_id: UUID) -> "QuerySet[Reviewer]":
    return Reviewer.objects.filter(
        organization_id=organization_id, membership__user_id=user_id, campaign__closed_at__isnull=True
    )


def _anything(organization_id: UUID, user_id: UUID) -> tuple[bool, bool, bool]:
    """Whether there are open requests of others that the person has not approved, uses without a review, and open
    reviews in which they were chosen to decide."""
    own = approved_by(user_id, organization_id)
    requests = AccessRequest.objects.filter(
        organization_id=organization_id, status=AccessRequest.Status.OPEN, expires_at__gt=timezone.now()
    ).exclude(membership__user_id=user_id)
    uses = BreakGlassUse.objects.filter(organization_id=organization_id, reviewed_at__isnull=True)
    found = (
        Organization.objects.filter(pk=organization_id)
        .values_list(
            Exists(requests.exclude(pk__in=own.values("request_id"))),
            Exists(uses),
            Exists(_reviewing(organization_id, user_id)),
        )
        .first()
    )
    return found or (False, False, False)


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `access_waiting`, which waits until a template asks."""
    user = getattr(request, "user", None)
    organization: Organization | None = getattr(request, "organization", None)
    if organization is None or not isinstance(user, User):
        return {}
    found = organization
    return {"access_waiting": SimpleLazyObject(lambda: Waiting(user, found))}
