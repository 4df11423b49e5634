"""Chasing what is overdue: reviews stay open, and their reviewers are told again and again."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.services import append
from orgs.models import Membership
from orgs.services.authority import lock_organization
from vault import tenancy
from vault.access.mails import mail_overdue_campaigns
from vault.access.models import Campaign, Reviewer
from vault.access.selectors.reviews import campaigns_in, reviewers_in, waiting_in
from vault.access.services.asking import HOUSEKEEPER
from vault.seals import genuine

REMIND_EVERY = timedelta(days=1)
"""Each reviewer gets one mail in that time, however many reviews of the organization are overdue."""


def remind_reviewers() -> int:
    """Mails the reviewers of overdue campaigns for whom lines wait, each at most once a day; how many mails."""
    with tenancy.everywhere("reminding of reviews that are overdue"):
        overdue = Campaign.objects.filter(closed_at__isnull=True, due_at__lte=timezone.now())
        organizations = sorted(set(overdue.values_list("organization_id", flat=True)))
        return sum(_remind(uid) for uid in organizations)


def _remind(organization_id: UUID) -> int:
    """Says so in the log, commits, and then mails: a mail that was lost is sent again tomorrow."""
    now = timezone.now()
    told: dict[Membership, list[tuple[Campaign, int]]] = defaultdict(list)
    with transaction.atomic():
        lock_organization(organization_id)
        open_ones = campaigns_in(organization_id).filter(closed_at__isnull=True, due_at__lte=now).order_by("due_at")
        campaigns = genuine(open_ones)
        chosen = Reviewer.objects.filter(organization_id=organization_id)
        lately = set(chosen.filter(reminded_at__gt=now - REMIND_EVERY).values_list("membership_id", flat=True))
        for campaign in campaigns:
            for reviewer in reviewers_in(campaign):
                if reviewer.pk not in lately and (waiting := waiting_in(campaign, reviewer)):
                    told[reviewer].append((campaign, waiting))
        for reviewer, owed in told.items():
            chosen.filter(membership=reviewer, campaign__in=[campaign for campaign, _ in owed]).update(reminded_at=now)
            for campaign, waiting in owed:
                append(
                    actor=HOUSEKEEPER,
                    action=Action.REVIEW_REMINDED,
                    organization_id=organization_id,
                    resource=campaign.audit_resource,
                    details={
                        "review": str(campaign.pk),
                        "subject": reviewer.user.email,
                        "subject_id": str(reviewer.pk),
                        "lines": waiting,
                        "due_at": campaign.due_at.isoformat(),
                    },
                )
    for reviewer, owed in told.items():
        mail_overdue_campaigns(reviewer, owed)
    return len(told)
