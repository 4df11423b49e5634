"""The calls of the services by which access is asked for, answered and taken, for `tests.invariants.services`."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

import vault.access.services as access
from accounts.models import User
from orgs.classification import Classification
from orgs.models import Membership
from orgs.roles import Role
from tests.sealing import change
from vault.access.models import AccessRequest, BreakGlassPerson, BreakGlassUse, RequestedRole
from vault.access.services.asking import Wish

if TYPE_CHECKING:
    from tests.invariants.services import Prepare, World


def ask(world: "World") -> AccessRequest:
    """Vera, who sees names in the shop, wants to read."""
    wish = Wish(
        role=RequestedRole.REVEAL,
        minutes=60,
        reason="The shop is down",
        environment=world.environment.uid,
        highest=Classification.INTERNAL,
    )
    return access.ask_for_access(actor=world.cast.vera, organization=world.cast.acme, wish=wish)


def name(world: "World", person: User) -> BreakGlassPerson:
    return access.name_for_break_glass(
        actor=world.cast.alice, organization=world.cast.acme, membership=world.member(person).pk
    )


def use(world: "World", person: User) -> BreakGlassUse:
    return access.break_glass(actor=person, person=name(world, person), reason="Fire")


def _approve(world: "World") -> Callable[[], object]:
    asked = ask(world)
    return lambda: access.approve_request(actor=world.cast.adam, request=asked)


def _deny(world: "World") -> Callable[[], object]:
    asked = ask(world)
    return lambda: access.deny_request(actor=world.cast.adam, request=asked, reason="Use staging")


def _withdraw(world: "World") -> Callable[[], object]:
    asked = ask(world)
    return lambda: access.withdraw_request(actor=world.cast.vera, request=asked)


def _expire(world: "World") -> Callable[[], object]:
    asked = ask(world)
    change([asked], expires_at=timezone.now())
    return access.expire_requests


def _unname(world: "World") -> Callable[[], object]:
    named = name(world, world.cast.bob)
    return lambda: access.unname_for_break_glass(actor=world.cast.alice, person=named)


def _break(world: "World") -> Callable[[], object]:
    named = name(world, world.cast.bob)
    return lambda: access.break_glass(actor=world.cast.bob, person=named, reason="Fire")


def _end(world: "World") -> Callable[[], object]:
    made = use(world, world.cast.bob)
    return lambda: access.end_break_glass(actor=world.cast.bob, use=made)


def _review(world: "World") -> Callable[[], object]:
    made = use(world, world.cast.bob)
    return lambda: access.review_break_glass(
        actor=world.cast.adam, use=made, verdict=BreakGlassUse.Verdict.CONFIRMED, words="It did burn"
    )


def _remind(world: "World") -> Callable[[], object]:
    made = use(world, world.cast.bob)
    change([made], used_at=timezone.now() - timedelta(days=8))
    return access.remind_of_reviews


def _retire(world: "World") -> Callable[[], object]:
    name(world, world.cast.bob)
    change([world.member(world.cast.bob)], status=Membership.Status.REMOVED)
    return access.retire_names


REQUEST_CASES: "dict[str, Prepare]" = {
    "access.approve_request": _approve,
    "access.ask_for_access": lambda w: lambda: ask(w),
    "access.break_glass": _break,
    "access.deny_request": _deny,
    "access.end_break_glass": _end,
    "access.expire_requests": _expire,
    "access.name_for_break_glass": lambda w: lambda: name(w, w.cast.bob),
    "access.remind_of_reviews": _remind,
    "access.retire_names": _retire,
    "access.review_break_glass": _review,
    "access.unname_for_break_glass": _unname,
    "access.withdraw_request": _withdraw,
}

REQUEST_COMPOSED = {
    "access.approve_request": ["role.created", "grant.given", "request.approved"],
    "access.break_glass": ["role.created", "grant.given", "break_glass.used"],
    "access.end_break_glass": ["grant.revoked", "break_glass.ended"],
}

REQUEST_LEAST = {
    "access.approve_request": Role.ADMIN,
    "access.ask_for_access": Role.VIEWER,
    "access.break_glass": Role.VIEWER,
    "access.deny_request": Role.ADMIN,
    "access.end_break_glass": Role.VIEWER,
    "access.name_for_break_glass": Role.OWNER,
    "access.review_break_glass": Role.ADMIN,
    "access.unname_for_break_glass": Role.OWNER,
    "access.withdraw_request": Role.VIEWER,
}
