"""Reviews as a whole: beginning one, choosing another reviewer, closing it, taking its result out."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.models import Membership, Organization, Project
from orgs.permissions import Permission
from orgs.selectors import object_for, require
from orgs.services.authority import lock_organization
from vault.access.errors import CampaignClosed, InvalidReview
from vault.access.models import Campaign, Reviewer, ReviewLine
from vault.access.models.requests import LABEL_LENGTH
from vault.access.models.reviews import NAME_LENGTH
from vault.access.places import words_of_scope
from vault.access.selectors.reviews import (
    Result,
    able_reviewers,
    campaign_for,
    campaigns_in,
    names_by,
    result_of,
    reviewer_of,
)
from vault.access.selectors.sources import Source, last_uses, sources_in
from vault.names import clean_text
from vault.seals import is_genuine, with_seal

LONGEST = timedelta(days=365)
"""How far away the day can be by which every line is decided."""


@transaction.atomic
def begin_review(
    *,
    actor: User,
    organization: Organization,
    name: str,
    reviewers: Sequence[UUID],
    due_at: datetime,
    project: UUID | None = None,
) -> Campaign:
    """Freezes who has what at this moment, for these memberships to decide about.

    Raises `AccessDenied` without `member:manage`, and for what the actor may not know all names of, be it the
    organization; `InvalidReview` for a name or a day that cannot be, for somebody who cannot be a reviewer, where there
    is nothing to review, and where lines are about their only reviewer.
    """
    locked = lock_organization(organization.pk)
    require(actor, Permission.MEMBER_MANAGE, locked, kind=ResourceKind.ORGANIZATION)
    now = timezone.now()
    where, naming = None, names_by(actor, locked)
    if project is None:
        require(actor, naming, locked, kind=ResourceKind.ORGANIZATION)
    else:
        projects = Project.objects.filter(organization=locked)
        where = object_for(actor, naming, projects, project, kind=ResourceKind.PROJECT)
    campaign = Campaign(
        organization=locked,
        project=where,
        scope_label=words_of_scope(where)[:LABEL_LENGTH],
        name=_name(name),
        begun_at=now,
        begun_by=actor,
        begun_label=_person(actor),
        due_at=_due(due_at, now),
    )
    chosen = _chosen(campaign, reviewers)
    sources = sources_in(locked.uid, campaign.project_id, now)
    if not sources:
        raise InvalidReview("Nobody has anything there, so there is nothing to review.", field="project")
    _refuse_own(chosen, sources)
    campaign.line_count = len(sources)
    campaign.save()
    for member in chosen:
        Reviewer(organization=locked, campaign=campaign, membership=member, chosen_at=now).save()
    used = last_uses(locked.uid, sources)
    lines = [_line(campaign, number, each, used.get(each.uid)) for number, each in enumerate(sources, start=1)]
    ReviewLine.objects.bulk_create(lines)
    append(
        actor=actor.audit_actor,
        action=Action.REVIEW_BEGUN,
        organization_id=locked.uid,
        resource=campaign.audit_resource,
        details={
            "review": str(campaign.pk),
            "scope": campaign.scope_label,
            "project_id": str(campaign.project_id) if campaign.project_id else None,
            "lines": len(lines),
            "due_at": campaign.due_at.isoformat(),
            "names": [each.user.email for each in chosen],
        },
    )
    return campaign


@transaction.atomic
def add_reviewer(*, actor: User, campaign: Campaign, membership: UUID) -> Reviewer:
    """Lets one more member decide: when reviewers have left, or what is left is about them. One who has left since and
    come back can be chosen again.

    Raises `AccessDenied` without `member:manage`, `InvalidReview` for somebody who cannot be a reviewer or is one,
    `CampaignClosed`.
    """
    locked = lock_organization(campaign.organization_id)
    require(actor, Permission.MEMBER_MANAGE, locked, kind=ResourceKind.ORGANIZATION)
    found = open_campaign(campaign)
    (member,) = _chosen(found, [membership])
    reviewer = _reviewer(found, member)
    reviewer.save()
    append(
        actor=actor.audit_actor,
        action=Action.REVIEW_REVIEWER_ADDED,
        organization_id=locked.uid,
        resource=found.audit_resource,
        details={"review": str(found.pk), "subject": member.user.email, "subject_id": str(member.pk)},
    )
    return reviewer


@transaction.atomic
def close_review(*, actor: User, campaign: Campaign) -> Campaign:
    """Ends a campaign of which every line is decided.

    Raises `AccessDenied` for somebody who is neither its reviewer nor holds `member:manage`; `CampaignClosed` while
    lines are left, where it is closed, and where rows of it are not genuine.
    """
    locked = lock_organization(campaign.organization_id)
    if reviewer_of(actor, campaign) is None:
        require(actor, Permission.MEMBER_MANAGE, locked, kind=ResourceKind.ORGANIZATION)
    found = open_campaign(campaign)
    counts = result_of(found).counts
    if counts.left:
        lines = "1 line is" if counts.left == 1 else f"{counts.left:,} lines are"
        raise CampaignClosed(f"{lines} not decided yet. Decide about every line, then close the review.")
    found.closed_at, found.closed_by, found.closed_label = timezone.now(), actor, _person(actor)
    found.save(update_fields=["closed_at", "closed_by", "closed_label"])
    append(
        actor=actor.audit_actor,
        action=Action.REVIEW_CLOSED,
        organization_id=locked.uid,
        resource=found.audit_resource,
        details={
            "review": str(found.pk),
            "lines": counts.lines,
            "confirmed": counts.confirmed,
            "revoked": counts.revoked,
            "gone": counts.gone,
        },
    )
    return found


@transaction.atomic
def export_review(*, actor: User, campaign: Campaign, form: str) -> Result:
    """Everything that a campaign says, to be taken out; the event says so. `form`: a word, csv or print.

    Raises `AccessDenied` as `vault.access.selectors.reviews.campaign_for` does, `CampaignClosed` where rows of it are
    not genuine.
    """
    found = campaign_for(actor, campaign.organization, campaign.pk)
    result = result_of(found)
    append(
        actor=actor.audit_actor,
        action=Action.REVIEW_EXPORTED,
        organization_id=found.organization_id,
        resource=found.audit_resource,
        details={"review": str(found.pk), "lines": result.counts.lines, "kind": form},
    )
    return result


def open_campaign(campaign: Campaign) -> Campaign:
    """The campaign as it is now, for somebody who has queued at the organization.

    Raises `CampaignClosed` unless it is genuine and open.
    """
    found = campaigns_in(campaign.organization_id).filter(pk=campaign.pk).first()
    if found is None or not is_genuine(found):
        raise CampaignClosed("This review is gone. Begin another one.")
    if not found.is_open:
        raise CampaignClosed("This review is closed, and what was decided stays. Begin another one.")
    return found


def _name(name: str) -> str:
    try:
        cleaned = clean_text(name, field="Name", max_length=NAME_LENGTH)
    except ValidationError as error:
        raise InvalidReview(error.messages[0], field="name") from None
    if not cleaned:
        raise InvalidReview("Give the review a name, such as “Fourth quarter”.", field="name")
    return cleaned


def _due(due_at: datetime, now: datetime) -> datetime:
    if due_at <= now:
        raise InvalidReview("Choose a day that is still to come.", field="due_at")
    if due_at > now + LONGEST:
        raise InvalidReview("Choose a day within a year: what is frozen now is old by then.", field="due_at")
    return due_at


def _chosen(campaign: Campaign, uids: Collection[UUID]) -> list[Membership]:
    """The memberships, each of somebody who can decide. One of another organization is none of them."""
    able = {each.pk: each for each in able_reviewers(campaign.organization_id, campaign.about)}
    wanted = dict.fromkeys(uids)
    if not wanted:
        raise InvalidReview("Choose who decides.", field="reviewers")
    if not wanted.keys() <= able.keys():
        raise InvalidReview(
            "Reviewers are owners, or manage grants and see names in all that is reviewed. Choose among those listed.",
            field="reviewers",
        )
    return [able[uid] for uid in wanted]


def _reviewer(campaign: Campaign, member: Membership) -> Reviewer:
    """The member as a reviewer, new; or anew, of somebody who was one, left and came back."""
    reviewers = with_seal(Reviewer.objects.filter(campaign=campaign).select_related("membership"))
    chosen = reviewers.filter(membership=member).first()
    if chosen is None:
        return Reviewer(organization=campaign.organization, campaign=campaign, membership=member)
    if chosen.is_of_a_member or not is_genuine(chosen):
        raise InvalidReview(f"{member.user.name} is a reviewer already.", field="membership")
    chosen.chosen_at = timezone.now()
    return chosen


def _refuse_own(chosen: list[Membership], sources: list[Source]) -> None:
    """Raises `InvalidReview` if nobody but the one whom a line is about could decide about it."""
    if len(chosen) > 1:
        return  # a line is about one member at the most
    (only,) = chosen
    own = sum(each.about == only.pk for each in sources)
    if own:
        lines = "1 line is" if own == 1 else f"{own:,} lines are"
        raise InvalidReview(
            f"{lines} about {only.user.name}, and nobody reviews what is their own. Choose one more reviewer; if there "
            "is nobody else, make somebody an owner or give them “access: manage grants” first.",
            field="reviewers",
        )


def _line(campaign: Campaign, number: int, source: Source, used: datetime | None) -> ReviewLine:
    return ReviewLine(
        organization_id=campaign.organization_id,
        campaign=campaign,
        number=number,
        kind=source.kind,
        source=source.uid,
        subject_kind=source.subject_kind,
        about=source.about,
        subject_label=source.subject_label[:LABEL_LENGTH],
        role_label=source.role_label[:LABEL_LENGTH],
        scope_label=source.scope_label[:LABEL_LENGTH],
        highest=source.highest,
        singly=source.singly,
        starts_at=source.starts_at,
        ends_at=source.ends_at,
        granted_at=source.granted_at,
        granted_label=source.granted_label[:LABEL_LENGTH],
        last_used_at=used,
        state=source.state,
    )


def _person(user: User) -> str:
    return f"{user.name} ({user.email})"[:LABEL_LENGTH]
