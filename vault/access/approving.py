"""Who may approve a request: pure, given what is known.

To approve takes `request:approve` in all of the scope, by something that reaches as high as the request does. That is
the right to let others see names and open values; whoever holds it need not be able to open them. What a role gives
beyond that (to change, to delete, to manage) an approver must hold himself, there and for that long, as everybody who
gives authority must (`orgs.permissions.giving`).

Nobody approves for himself: not the one who asks, not a member whom the access would reach through a team, not by a
right that came from a request of the same person before, and nobody twice.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from orgs.permissions import NEEDS_APPROVAL, Permission, Standing
from orgs.permissions.giving import Portion, shortfall
from vault.access.models import AccessRequest

OPENING = NEEDS_APPROVAL | {Permission.ORG_VIEW, Permission.SECRET_LIST}
"""What the right to approve gives to others, whatever the approver may do himself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody may approve, and why not; `until`: no longer than this, because their own right ends then."""

    allowed: bool
    because: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A request and what the rules need to know about it: the memberships that the access would reach (the asker's
    among them), and the grants that came from requests of the same person."""

    request: AccessRequest
    reached: Collection[UUID]
    own_grants: Collection[UUID]

    def verdict(self, membership: UUID, standing: Standing, at: datetime, *, minutes: int | None = None) -> Verdict:
        """About the active member with this standing, to be granted `minutes` (None: as long as was asked for)."""
        if membership == self.request.membership_id:
            return Verdict(allowed=False, because="nobody approves what he asked for himself")
        if membership in self.reached:
            return Verdict(allowed=False, because="the access would reach you as well, through the team it is for")
        held = without_grants(standing, self.own_grants, highest=self.request.highest)
        until = at + timedelta(minutes=self.request.minutes if minutes is None else minutes)
        wanted = (self.request.wanted - OPENING) | {Permission.REQUEST_APPROVE}
        portion = Portion(wanted, self.request.scope, self.request.highest_class, until)
        missing = shortfall(held, portion, at)
        if missing is None:
            return Verdict(allowed=True, because="")
        if missing.since is not None:
            return Verdict(allowed=True, because="", until=missing.since)
        if not may_answer(held, self.request, at):
            return Verdict(allowed=False, because="request:approve is missing, here and as high as the request reaches")
        return Verdict(
            allowed=False, because=f"the role includes {missing.permission}, which you do not hold here yourself"
        )


def may_answer(standing: Standing, about: AccessRequest, at: datetime) -> bool:
    """Whether `request:approve` is held in all of the scope."""
    portion = Portion(frozenset({Permission.REQUEST_APPROVE}), about.scope, about.highest_class, at)
    return shortfall(standing, portion, at) is None


def without_grants(standing: Standing, grants: Collection[UUID], *, highest: int) -> Standing:
    """The standing without what those grants give, and without what reaches less high than `highest`."""
    kept = tuple(held for held in standing.holdings if held.grant not in grants and held.highest >= highest)
    return replace(standing, holdings=kept)
