"""What pages say about networks: the rules, who would be outside of them, whom somebody outside can ask."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q
from django.utils import timezone

from accounts.models import User
from audit.actions import ActorKind, Outcome, ResourceKind
from audit.models import Event
from orgs.models import Membership, NetworkRule, Organization
from orgs.networks import is_inside
from orgs.permissions import Actor, Permission, standings_of
from orgs.permissions.origins import rules_of
from orgs.roles import Role
from orgs.selectors.fetching import object_for
from vault.seals import genuine, with_seal

VISITOR_DAYS = 30
EVENTS_LOOKED_AT = 20_000
ADDRESSES_SHOWN = 4
PEOPLE_SHOWN = 20
ASKED = 5
"""How many owners somebody outside is pointed to."""


def rules_in(organization_id: UUID) -> list[NetworkRule] | None:
    """The organization's rules and those of its machines; None where they are not as this program wrote them."""
    return rules_of([organization_id])[organization_id]


def rules_listed(organization: Organization) -> list[NetworkRule]:
    """The genuine rules with their machines and authors: the organization's own first, then machine by machine."""
    found = NetworkRule.objects.filter(organization=organization).select_related("machine", "created_by")
    return sorted(
        genuine(with_seal(found)),
        key=lambda rule: (rule.machine.name_key if rule.machine else "", rule.created_at, rule.cidr),
    )


def rule_for(actor: Actor, organization_uid: UUID, uid: UUID) -> NetworkRule:
    """The rule with its organization and machine, for somebody who configures the organization; one that is not
    genuine can be taken off as well."""
    rules = NetworkRule.objects.select_related("organization", "machine").filter(organization_id=organization_uid)
    return object_for(actor, Permission.ORG_CONFIGURE, rules, uid, kind=ResourceKind.NETWORK)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member who was here lately from somewhere that would be outside. `addresses`: the latest first."""

    membership: Membership
    addresses: tuple[str, ...]
    others: int
    last_at: datetime
    wholly: bool
    """Whether they came from nowhere else."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """The members of the last VISITOR_DAYS days, and those of them (the latest first) who would be outside.

    `since`: the beginning of what was looked at, where that is not so long ago.
    """

    outside: Sequence[Visitor]
    more: int
    number: int
    wholly: int
    since: datetime | None = None


def visitors_outside(organization: Organization, networks: Collection[str]) -> Visitors:
    """Who of the members that did something here lately came from outside of `networks`; nobody if there are none.

    Of its latest EVENTS_LOOKED_AT events, which an index finds. Three queries.
    """
    members = genuine(
        with_seal(
            Membership.objects.filter(organization=organization, status=Membership.Status.ACTIVE).select_related("user")
        )
    )
    people = {str(each.user_id): each for each in members}
    begin = timezone.now() - timedelta(days=VISITOR_DAYS)
    of_organization = Event.objects.filter(organization_id=organization.pk)
    # The first event that is not looked at, if there are so many.
    before = of_organization.order_by("-id").values_list("id", "occurred_at")[EVENTS_LOOKED_AT : EVENTS_LOOKED_AT + 1]
    first, since = next(iter(before), (0, None))
    events = of_organization.filter(
        id__gt=first,
        occurred_at__gte=begin,
        actor_kind=ActorKind.PERSON.value,
        outcome=Outcome.SUCCESS.value,
        ip__isnull=False,
    )
    came: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for actor, ip, last in events.order_by().values_list("actor_id", "ip").annotate(last=Max("occurred_at")):
        if actor in people:
            came[actor].append((last, ip))
    found = [each for actor, places in came.items() if (each := _visitor(people[actor], places, networks)) is not None]
    found.sort(key=lambda visitor: visitor.last_at, reverse=True)
    return Visitors(
        outside=found[:PEOPLE_SHOWN],
        more=max(0, len(found) - PEOPLE_SHOWN),
        number=len(came),
        wholly=sum(each.wholly for each in found),
        since=since if since and since > begin else None,
    )


def _visitor(membership: Membership, places: list[tuple[datetime, str]], networks: Collection[str]) -> Visitor | None:
    out = sorted((place for place in places if networks and not is_inside(place[1], networks)), reverse=True)
    if not out:
        return None
    addresses = tuple(ip for _, ip in out)
    return Visitor(
        membership=membership,
        addresses=addresses[:ADDRESSES_SHOWN],
        others=max(0, len(addresses) - ADDRESSES_SHOWN),
        last_at=out[0][0],
        wholly=len(out) == len(places),
    )


def organizations_outside(person: User) -> list[Organization]:
    """The person's organizations that they may not use from where this request comes, by name."""
    standings = standings_of(person, permissions=(Permission.ORG_VIEW,))
    uids = [uid for uid, standing in standings.items() if standing.outside]
    return list(Organization.objects.filter(pk__in=uids).order_by("name", "uid")) if uids else []


def askable(organization_id: UUID) -> list[User]:
    """Owners whom a member who is outside can ask, the first by name."""
    owners = Membership.objects.filter(
        Q(user__is_active=True), organization_id=organization_id, role=Role.OWNER, status=Membership.Status.ACTIVE
    ).select_related("user")
    return [each.user for each in genuine(with_seal(owners.order_by("user__name", "uid")[:ASKED]))]
