"""Deciding about the lines of a review: once each, by somebody else than whom it is about.

To revoke is to do it: the very service that takes such a thing away, in the same transaction, with all of its own
rules and events.
"""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action
from audit.services import append
from orgs.models import Grant, Membership, TeamMembership
from orgs.roles import Role
from orgs.services.authority import lock_organization
from orgs.services.grants import revoke_grants
from orgs.services.memberships import change_member_role
from orgs.services.openness import restrict_project
from orgs.services.teams import remove_team_member
from vault.access.errors import CampaignClosed, InvalidReview, LeftBehind, LineChanged, LineDecided, NotTogether
from vault.access.models import Campaign, ReviewDecision, ReviewLine
from vault.access.models.requests import LABEL_LENGTH, REASON_LENGTH
from vault.access.selectors.reviews import (
    DAMAGED,
    NO_REVIEWER,
    Row,
    lines_in,
    refused_decision,
    reviewer_of,
    rows_of,
    why_not_decide,
)
from vault.access.selectors.sources import BROAD, Source, person_label, sources_of
from vault.access.services.campaigns import open_campaign
from vault.access.services.leaving import end_membership
from vault.names import clean_text

Verdict = ReviewDecision.Verdict
_ACTIONS = {
    Verdict.CONFIRMED: Action.REVIEW_CONFIRMED,
    Verdict.REVOKED: Action.REVIEW_REVOKED,
    Verdict.GONE: Action.REVIEW_GONE,
}
_NAMED = 5


@transaction.atomic
def decide_line(
    *, actor: User, line: ReviewLine, verdict: ReviewDecision.Verdict, seen: str, note: str = ""
) -> ReviewDecision:
    """One reviewer's decision about one line, for what its source is now.

    `seen`: the state of the source that the person was shown, empty if it was gone; what has changed since then has to
    be looked at again. Raises `AccessDenied` for somebody who is no reviewer, or whom the line is about, and for what
    the service that revokes asks for; `LineDecided`, `LineChanged`, `CampaignClosed`; `InvalidReview` for a verdict
    that does not fit; and what that service raises (`orgs.errors.OrganizationError`).
    """
    verdict = Verdict(verdict)
    lock_organization(line.organization_id)
    campaign = open_campaign(line.campaign)
    reviewer = reviewer_of(actor, campaign)
    (row,) = _rows(campaign, [line.pk])
    because = why_not_decide(reviewer, row)
    if because or reviewer is None:
        raise refused_decision(actor, campaign, because)
    if row.decision is not None:
        raise LineDecided(
            f"Line {row.line.number} was decided by {row.decision.reviewer_label} already, and that stays."
        )
    state = row.source.state if row.source is not None else ""
    if state != seen:
        raise LineChanged("This has changed since you looked. Here is what it is now: decide about that.")
    if (verdict is Verdict.GONE) != row.is_gone:
        raise InvalidReview(
            "There is nothing left to confirm or to revoke. Mark the line as gone."
            if row.is_gone
            else "It is still there. Confirm or revoke it.",
            field="verdict",
        )
    words = _note(note)
    if verdict is Verdict.REVOKED and row.source is not None:
        _revoke(actor, row.source)
        left = sources_of(campaign.organization_id, [row.line], timezone.now()).get(row.line.pk)
        if left is not None and left.state == row.source.state:
            raise InvalidReview("This could not be taken away here. Do it on its own page, and come back.")
    return _decide(actor, campaign, row, reviewer, verdict, words)


@transaction.atomic
def confirm_lines(
    *, actor: User, campaign: Campaign, lines: Sequence[UUID], typed: int, note: str = ""
) -> list[ReviewDecision]:
    """Confirms several lines at once, all of them or none.

    `typed`: how many they are, as the person has typed it. Lines of the class critical, of broad roles and of the
    whole organization, and those whose source has changed or is gone, are decided one by one. Raises `AccessDenied`
    for somebody who is no reviewer, and for a line that is about himself;
    `NotTogether`, `LineDecided`; `CampaignClosed`, also for a line of another campaign as for a missing one;
    `InvalidReview` for none, and for another number.
    """
    lock_organization(campaign.organization_id)
    found = open_campaign(campaign)
    reviewer = reviewer_of(actor, found)
    if reviewer is None:
        raise refused_decision(actor, found, NO_REVIEWER)
    wanted = list(dict.fromkeys(lines))
    if not wanted:
        raise InvalidReview("Choose the lines to confirm.")
    rows = _rows(found, wanted)
    for row in rows:
        if because := why_not_decide(reviewer, row):
            raise refused_decision(actor, found, because)
    decided = [row for row in rows if row.decision is not None]
    if decided:
        raise LineDecided(f"Decided already: {_numbers(decided)}. Reload the page, and choose anew.")
    alone = [row for row in rows if row.singly]
    if alone:
        raise NotTogether(
            f"Nothing was confirmed. These have to be decided one by one: {_numbers(alone)}. They are critical, of a "
            "broad role or of the whole organization, or are not what they were when the review began."
        )
    if typed != len(rows):
        raise InvalidReview(f"Type how many lines you confirm: {len(rows)}.", field="count")
    words = _note(note)
    return [_decide(actor, found, row, reviewer, Verdict.CONFIRMED, words, together=len(rows) > 1) for row in rows]


def _rows(campaign: Campaign, uids: Sequence[UUID]) -> list[Row]:
    """These lines of the campaign as they are now. Raises `CampaignClosed` if one of them is not there or not genuine,
    or what was decided about it is not."""
    lines = list(lines_in(campaign).filter(pk__in=uids).order_by("number"))
    rows = rows_of(campaign, lines, timezone.now())
    if len(rows) != len(uids):
        raise CampaignClosed("A line of these is not part of this review, or is not genuine. Reload the page.")
    undecided = [row.line.pk for row in rows if row.decision is None]
    if ReviewDecision.objects.filter(line__in=undecided).exists():
        raise CampaignClosed(DAMAGED)
    return rows


def _decide(
    actor: User,
    campaign: Campaign,
    row: Row,
    reviewer: Membership,
    verdict: ReviewDecision.Verdict,
    note: str,
    *,
    together: bool = False,
) -> ReviewDecision:
    line, source = row.line, row.source
    decision = ReviewDecision(
        organization_id=campaign.organization_id,
        line=line,
        verdict=verdict,
        note=note,
        changed=row.is_changed,
        decided_about=source.words[:LABEL_LENGTH] if source is not None else "",
        together=together,
        decided_at=timezone.now(),
        reviewer=reviewer,
        reviewer_label=person_label(reviewer)[:LABEL_LENGTH],
    )
    decision.save()
    append(
        actor=actor.audit_actor,
        action=_ACTIONS[verdict],
        organization_id=campaign.organization_id,
        resource=campaign.audit_resource,
        details={
            "review": str(campaign.pk),
            "number": line.number,
            "subject": line.subject_label,
            "subject_kind": line.subject_kind,
            "role": line.role_label,
            "scope": line.scope_label,
            "kind": line.kind,
            "classification": line.get_highest_display().lower(),
            **({"grant": str(line.source)} if line.kind == ReviewLine.Kind.GRANT else {}),
            **({"justification": note} if note else {}),
            **({"to": source.words} if row.is_changed and source is not None else {}),
        },
    )
    return decision


def _revoke(actor: User, source: Source) -> None:
    """Takes it away. A broad role becomes Member; whoever has no more than that leaves the organization."""
    match source.row:
        case Grant(subject_kind=Grant.SubjectKind.EVERYONE, project=project) if project is not None:
            restrict_project(actor=actor, project=project)
        case Grant() as grant:
            revoke_grants(actor=actor, grants=[grant])
        case TeamMembership() as place:
            remove_team_member(actor=actor, team=place.team, membership=place.membership)
        case Membership() as membership if membership.role in BROAD:
            change_member_role(actor=actor, membership=membership, role=Role.MEMBER)
        case Membership() as membership:
            _end_membership(actor, membership)


def _end_membership(actor: User, membership: Membership) -> None:
    """All that a removal ends. Not what it takes a decision about: who gets what nobody else would reach then."""
    try:
        end_membership(actor=actor, membership=membership)
    except LeftBehind as left:
        raise InvalidReview(
            f"{membership.user.name} would leave behind what only owners and admins open then, or nobody "
            f"({left.number} secret{'' if left.number == 1 else 's'}). Remove them on the page of members, where it "
            "can be handed over, and mark this line as gone.",
            field="verdict",
        ) from None


def _note(note: str) -> str:
    try:
        return clean_text(note, field="Note", max_length=REASON_LENGTH)
    except ValidationError as error:
        raise InvalidReview(error.messages[0], field="note") from None


def _numbers(rows: Sequence[Row]) -> str:
    named = ", ".join(str(row.line.number) for row in rows[:_NAMED])
    return f"line {named}" if len(rows) == 1 else f"lines {named}" + (" and more" if len(rows) > _NAMED else "")
