"""What housekeeping does about access that was asked for or taken: it marks what has ended, and reminds.

Nothing here takes access away: what ends at a moment has ended then, whoever keeps house.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import Action
from audit.services import append
from orgs.models import Membership
from orgs.services.authority import lock_organization
from vault import tenancy
from vault.access.mails import mail_overdue_review
from vault.access.models import AccessRequest, BreakGlassPerson, BreakGlassUse
from vault.access.models.break_glass import REVIEW_DAYS
from vault.access.selectors.break_glass import people_in, uses_in
from vault.access.selectors.requests import requests_in
from vault.access.services.asking import HOUSEKEEPER, close
from vault.access.services.breaking import end_namings
from vault.seals import is_genuine

REMIND_EVERY = timedelta(days=1)
"""How often owners are told of a review that stays overdue."""


def expire_requests() -> int:
    """Marks the requests that nobody answered in time, and those of people who have left; how many."""
    with tenancy.everywhere("marking requests that have expired"):
        over = Q(expires_at__lte=timezone.now()) | ~Q(membership__status=Membership.Status.ACTIVE)
        found = AccessRequest.objects.filter(over, status=AccessRequest.Status.OPEN).order_by("expires_at")
        return sum(_expire(uid, organization) for uid, organization in found.values_list("pk", "organization_id"))


def retire_names() -> int:
    """Takes those who have left off the lists of break-glass, also if they have come back since; how many."""
    with tenancy.everywhere("taking those who have left off the lists of break-glass"):
        left = BreakGlassPerson.objects.filter(ended_at__isnull=True).select_related("membership")
        gone = {(each.organization_id, each.membership_id) for each in left if not each.holds_for(each.membership)}
        return sum(_retire(organization, membership) for organization, membership in sorted(gone))


def remind_of_reviews() -> int:
    """Mails the owners about the reviews of break-glass that are overdue, each at most once a day; how many reviews."""
    with tenancy.everywhere("reminding of reviews that are overdue"):
        now = timezone.now()
        quiet = Q(reminded_at__isnull=True) | Q(reminded_at__lte=now - REMIND_EVERY)
        overdue = BreakGlassUse.objects.filter(
            quiet, reviewed_at__isnull=True, used_at__lte=now - timedelta(days=REVIEW_DAYS)
        )
        found = list(overdue.order_by("used_at").values_list("pk", "organization_id"))
        return sum(_remind(uid, organization) for uid, organization in found)


def _expire(uid: UUID, organization_id: UUID) -> bool:
    with transaction.atomic():
        lock_organization(organization_id)
        request = requests_in(organization_id).filter(pk=uid, status=AccessRequest.Status.OPEN).first()
        if request is None or not is_genuine(request):
            return False
        close(request, AccessRequest.Status.EXPIRED, by=None, action=Action.REQUEST_EXPIRED)
    return True


def _retire(organization_id: UUID, membership_id: UUID) -> int:
    with transaction.atomic():
        lock_organization(organization_id)
        named = people_in(organization_id).filter(membership_id=membership_id, ended_at__isnull=True)
        if any(not is_genuine(each) or each.holds_for(each.membership) for each in named):
            return 0
        return end_namings(membership_id, organization_id, HOUSEKEEPER, by=None)


def _remind(uid: UUID, organization_id: UUID) -> bool:
    """Says so in the log, commits, and then mails: a mail that was lost is sent again tomorrow."""
    with transaction.atomic():
        lock_organization(organization_id)
        use = uses_in(organization_id).filter(pk=uid, reviewed_at__isnull=True).first()
        if use is None or not is_genuine(use):
            return False
        BreakGlassUse.objects.filter(pk=uid).update(reminded_at=timezone.now())
        append(
            actor=HOUSEKEEPER,
            action=Action.BREAK_GLASS_OVERDUE,
            organization_id=organization_id,
            resource=use.audit_resource,
            details={
                "grant": str(use.grant_id),
                "subject": use.membership.user.email,
                "subject_id": str(use.membership_id),
                "since": use.used_at.isoformat(),
            },
        )
    mail_overdue_review(use)
    return True
