"""Reviews: who may see them, who decides about which line, and how far they have come.

A review names every project, environment and path that it is about, and `secret:list` is what shows names: so whoever
begins one, sees one or decides in one lists all of it, or reads the log, which has every name. To leave out what
somebody may not list would not do: the result is one record, the same for everybody who takes it out, and to confirm
what one cannot see is no decision.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Membership, Organization, Project
from orgs.permissions import (
    AccessDenied,
    Decision,
    Permission,
    Standing,
    decide,
    denied_as_missing,
    judge,
    standing_of,
    standings_in,
)
from orgs.permissions.words import LABELS
from orgs.places import Place
from orgs.selectors import membership_of, object_for, projects_of, require
from vault.access.errors import CampaignClosed
from vault.access.models import Campaign, ReviewDecision, Reviewer, ReviewLine
from vault.access.selectors.sources import Source, sources_of
from vault.paging import Order, Page, page_of
from vault.seals import genuine, is_genuine, with_seal

Verdict = ReviewDecision.Verdict
_NAMES = {Verdict.CONFIRMED: "confirmed", Verdict.REVOKED: "revoked", Verdict.GONE: "gone"}
_TO_REVOKE = {
    ReviewLine.Kind.PLACE: Permission.TEAM_MANAGE,
    ReviewLine.Kind.ROLE: Permission.MEMBER_MANAGE,
}
"""What it takes beyond `grant:manage`, which reviewers hold."""
_NAMES_BY = (Permission.SECRET_LIST, Permission.AUDIT_VIEW)
_REVIEWING = (Permission.GRANT_MANAGE, *_NAMES_BY)
_BEGINNING = (Permission.MEMBER_MANAGE, *_NAMES_BY)
NO_REVIEWER = "you are no reviewer of it, or do not hold grant:manage and secret:list there any more"
BY_NUMBER = Order(("number", "uid"), (int, UUID))
DAMAGED = (
    "Rows of this review are not as this program wrote them, so it has no result. Ask whoever runs this server to run "
    "`manage.py access verify`."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line with what was decided about it, and what its source is now (None: it is gone)."""

    line: ReviewLine
    decision: ReviewDecision | None
    source: Source | None

    @property
    def is_gone(self) -> bool:
        """Whether there is nothing left to decide about."""
        return self.decision is None and self.source is None

    @property
    def is_changed(self) -> bool:
        """Whether the source is there and says something else than the line."""
        return self.source is not None and self.source.state != self.line.state

    @property
    def singly(self) -> bool:
        """Whether it has to be decided by itself: as it was, or as it is."""
        return self.line.singly or self.source is None or self.source.singly or self.is_changed

    @property
    def about(self) -> frozenset[UUID]:
        """The members who may not decide about it: it was about them alone, or is."""
        return frozenset(uid for uid in (self.line.about, self.source.about if self.source else None) if uid)


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a campaign has come, in lines."""

    lines: int
    confirmed: int = 0
    revoked: int = 0
    gone: int = 0

    @property
    def decided(self) -> int:
        return self.confirmed + self.revoked + self.gone

    @property
    def left(self) -> int:
        return self.lines - self.decided


def campaigns_in(organization_id: UUID) -> "QuerySet[Campaign]":
    """All of the organization's, the open ones first, with their seals."""
    found = Campaign.objects.filter(organization_id=organization_id).select_related("organization", "project")
    return with_seal(found.order_by(F("closed_at").desc(nulls_first=True), "due_at", "uid"))


def campaign_for(actor: User, organization: Organization, uid: UUID) -> Campaign:
    """The campaign, for its reviewers, for whoever may begin one about the same, and for those who hold `audit:view`.

    Raises `AccessDenied`: for one of another organization, or one whose row is not genuine, as for a missing one.
    """
    found = campaigns_in(organization.uid).filter(pk=uid)
    campaign = found.first()
    if campaign is not None and is_genuine(campaign):
        if reviewer_of(actor, campaign) is not None:
            return campaign
        standing, now = standing_of(actor, organization.uid, permissions=_BEGINNING), timezone.now()
        if _manages(standing, now) and _knows_names(standing, campaign.about, now):
            return campaign
    campaigns = found if is_genuine(campaign) else found.none()
    return object_for(actor, Permission.AUDIT_VIEW, campaigns, uid, kind=ResourceKind.REVIEW)


def may_choose(actor: User, organization: Organization) -> bool:
    """Whether the actor may choose who decides, in the reviews that they see."""
    return decide(actor, Permission.MEMBER_MANAGE, organization).allowed


@dataclass(frozen=True, slots=True)
class Reviewable:
    """What somebody may begin reviews about: the whole organization, and which of its projects."""

    whole: bool
    projects: Sequence[Project]

    def __bool__(self) -> bool:
        return self.whole or bool(self.projects)


def reviewable(actor: User, organization: Organization) -> Reviewable:
    """What the actor may begin reviews about. Projects that they list nothing of are not among it, as nowhere else."""
    standing, now = standing_of(actor, organization.uid, permissions=_BEGINNING), timezone.now()
    if not _manages(standing, now):
        return Reviewable(whole=False, projects=())
    projects = [each for each in projects_of(actor, organization) if _knows_names(standing, each.place, now)]
    return Reviewable(_knows_names(standing, Place(organization.uid), now), projects)


def names_by(actor: User, organization: Organization) -> Permission:
    """The permission by which the actor may know all names of something, if they hold it there."""
    log = decide(actor, Permission.AUDIT_VIEW, organization).allowed
    return Permission.AUDIT_VIEW if log else Permission.SECRET_LIST


def _manages(standing: Standing, at: datetime) -> bool:
    return judge(standing, Permission.MEMBER_MANAGE, Place(standing.organization), at=at).allowed


def _reads_log(standing: Standing, at: datetime) -> bool:
    return judge(standing, Permission.AUDIT_VIEW, Place(standing.organization), at=at).allowed


def _knows_names(standing: Standing, about: Place, at: datetime) -> bool:
    """Whether all names there are known, of every class."""
    return _reads_log(standing, at) or judge(standing, Permission.SECRET_LIST, about, at=at).allowed


def _may_review(standing: Standing, about: Place, at: datetime) -> bool:
    return judge(standing, Permission.GRANT_MANAGE, about, at=at).allowed and _knows_names(standing, about, at)


def seen_campaigns(actor: User, organization: Organization) -> list[Campaign]:
    """Those that the actor may see, as `campaign_for` gives them. Raises `AccessDenied` if that is none, to anybody
    but those who manage members."""
    found = genuine(campaigns_in(organization.uid))
    standing, now = standing_of(actor, organization.uid, permissions=_BEGINNING), timezone.now()
    if _reads_log(standing, now):
        return found
    manages = _manages(standing, now)
    own = set(Reviewer.objects.filter(campaign__in=found, membership__user_id=actor.pk).values_list("campaign_id"))
    seen = [
        each
        for each in found
        if (manages and _knows_names(standing, each.about, now))
        or ((each.pk,) in own and reviewer_of(actor, each) is not None)
    ]
    if not seen and not manages:
        require(actor, Permission.AUDIT_VIEW, organization, kind=ResourceKind.ORGANIZATION)
    return seen


def able_reviewers(organization_id: UUID, about: Place) -> list[Membership]:
    """Everybody who could be a reviewer there, by name: whoever holds `grant:manage` in all of it and knows its names,
    as owners do."""
    now = timezone.now()
    found = [
        subject
        for subject, standing in standings_in(organization_id, place=about)
        if isinstance(subject, Membership) and _may_review(standing, about, now)
    ]
    return sorted(found, key=lambda membership: (membership.user.name.casefold(), membership.user.email))


def reviewers_in(campaign: Campaign) -> list[Membership]:
    """The chosen ones who can decide now, by name."""
    found = genuine(with_seal(Reviewer.objects.filter(campaign=campaign).select_related("membership")))
    chosen = {each.membership_id for each in found if each.is_of_a_member}
    return [each for each in able_reviewers(campaign.organization_id, campaign.about) if each.pk in chosen]


def reviewer_of(actor: User, campaign: Campaign) -> Membership | None:
    """The actor's membership if he is a reviewer of the campaign and still can be; None else.

    Whoever was chosen, has left since and come back, is none until he is chosen again.
    """
    membership = membership_of(actor, campaign.organization) if actor.is_active else None
    if membership is None:
        return None
    rows = Reviewer.objects.filter(campaign=campaign, membership=membership).select_related("membership")
    chosen = with_seal(rows).first()
    if chosen is None or not is_genuine(chosen) or not chosen.is_of_a_member:
        return None
    standing = standing_of(actor, campaign.organization_id, permissions=_REVIEWING, place=campaign.about)
    return membership if _may_review(standing, campaign.about, timezone.now()) else None


def why_not_decide(reviewer: Membership | None, row: Row) -> str:
    """Why somebody may not decide about a line; empty if they may. Not whether it is decided already."""
    if reviewer is None:
        return NO_REVIEWER
    if reviewer.pk in row.about:
        return "nobody reviews what is their own, or belongs to a team that they are in alone"
    return ""


def why_not_revoke(actor: User, campaign: Campaign, row: Row) -> str:
    """Why a reviewer may confirm a line and not revoke it; empty if they may as far as permissions go. What else it
    takes, such as to hold as much as is taken away, the service says that does it."""
    needed = _TO_REVOKE.get(row.source.kind) if row.source is not None else None
    if needed is None or decide(actor, needed, campaign.organization).allowed:
        return ""
    return f"that takes “{LABELS[needed]}” in the whole organization, which you do not hold"


def refused_decision(actor: User, campaign: Campaign, because: str) -> AccessDenied:
    """The refusal of an act on a review, which whoever may know of it learns the reason of."""
    visible = decide(actor, Permission.GRANT_MANAGE, campaign).visible
    denied = Decision(allowed=False, because=because, visible=visible)
    return AccessDenied(
        denied, Permission.GRANT_MANAGE, campaign.audit_resource, organization_id=campaign.organization_id
    )


def lines_in(campaign: Campaign) -> "QuerySet[ReviewLine]":
    """Its lines with their seals."""
    return with_seal(ReviewLine.objects.filter(organization_id=campaign.organization_id, campaign=campaign))


def line_for(actor: User, campaign: Campaign, uid: UUID) -> ReviewLine:
    """A line of a campaign that the actor has been let into. Raises `AccessDenied` for a missing one."""
    line = lines_in(campaign).filter(pk=uid).first()
    if line is None or not is_genuine(line):
        raise denied_as_missing(actor, Permission.GRANT_MANAGE, Resource(ResourceKind.REVIEW, str(uid)))
    return line


def decisions_about(lines: Sequence[ReviewLine]) -> Mapping[UUID, ReviewDecision]:
    """By uid of the line. A decision that is not genuine is none."""
    found = ReviewDecision.objects.filter(line__in=[each.pk for each in lines])
    return {each.line_id: each for each in genuine(with_seal(found))}


def rows_of(campaign: Campaign, lines: Iterable[ReviewLine], at: datetime) -> list[Row]:
    """The lines, genuine ones alone, with their decisions and their sources as they are now."""
    lines = genuine(lines)
    decisions = decisions_about(lines)
    sources = sources_of(campaign.organization_id, [each for each in lines if each.pk not in decisions], at)
    return [Row(each, decisions.get(each.pk), sources.get(each.pk)) for each in lines]


def page_of_rows(campaign: Campaign, at: datetime, *, shown: str, cursor: str) -> Page[Row]:
    """One page; `shown`: "open" for those that nobody has decided, "decided" for the others, else all."""
    lines = lines_in(campaign)
    if shown in ("open", "decided"):
        lines = lines.filter(decision__isnull=shown == "open")
    page = page_of(lines, BY_NUMBER, cursor)
    return Page(rows_of(campaign, page.rows, at), page.previous, page.next)


def counts_of(campaigns: Sequence[Campaign]) -> Mapping[UUID, Counts]:
    """By uid of the campaign, in one query: for lists. What closes a campaign counts genuine rows (`result_of`)."""
    found = ReviewDecision.objects.filter(line__campaign__in=[each.pk for each in campaigns])
    counted: dict[UUID, dict[str, int]] = defaultdict(dict)
    for uid, verdict, number in found.values_list("line__campaign_id", "verdict").annotate(Count("pk")).order_by():
        counted[uid][_NAMES[Verdict(verdict)]] = number
    return {each.pk: Counts(each.line_count, **counted[each.pk]) for each in campaigns}


def waiting_in(campaign: Campaign, reviewer: Membership) -> int:
    """How many lines wait for this reviewer, or for another one."""
    lines = ReviewLine.objects.filter(campaign=campaign, decision__isnull=True)
    return lines.filter(Q(about__isnull=True) | ~Q(about=reviewer.pk)).count()


@dataclass(frozen=True, slots=True)
class Result:
    """All lines in order, each with its decision, and how many there are of each."""

    rows: list[tuple[ReviewLine, ReviewDecision | None]]
    counts: Counts


def result_of(campaign: Campaign) -> Result:
    """Every line and decision, with their seals verified. Two queries. Raises `CampaignClosed` if one is not genuine
    or missing."""
    stored = list(lines_in(campaign).order_by("number"))
    lines = genuine(stored)
    decided = list(with_seal(ReviewDecision.objects.filter(line__campaign=campaign)))
    decisions = {each.line_id: each for each in genuine(decided)}
    if len(lines) != campaign.line_count or len(decisions) != len(decided):
        raise CampaignClosed(DAMAGED)
    by_verdict = Counter(each.verdict for each in decisions.values())
    counts = Counts(len(lines), **{name: by_verdict[verdict] for verdict, name in _NAMES.items()})
    return Result([(each, decisions.get(each.pk)) for each in lines], counts)
