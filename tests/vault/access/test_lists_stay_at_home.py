"""What is listed and counted about access in an organization is its own, also for somebody who owns another one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from orgs.classification import Classification
from orgs.models import ClassPolicy, Grant, Membership, Organization, Project, Team
from orgs.permissions import AccessDenied, Permission
from orgs.places import Place, Scope
from orgs.roles import Role
from orgs.services import (
    add_team_members,
    create_machine,
    create_project,
    create_role,
    create_team,
    disable_machine,
    give_grant,
)
from orgs.services.grants import Terms
from tests.cast import Cast, make_person
from tests.sealing import change
from tests.snapshot import Snapshot
from vault.access.models import Campaign, RequestedRole
from vault.access.reaching import standing_of_team
from vault.access.reading import Readers, asked, last_used
from vault.access.seen import seen_by as versions_seen_by
from vault.access.selectors.break_glass import named_in, owed_in, own_namings, owners_of, seen_uses
from vault.access.selectors.requests import (
    demands_up_to,
    open_requests,
    own_requests,
    requests_in,
    roles_of,
    seen_by,
    teams_of,
    waiting_for,
)
from vault.access.selectors.reviews import campaigns_in, lines_in, reviewer_of, reviewers_in, seen_campaigns, waiting_in
from vault.access.selectors.sources import last_uses, sources_in
from vault.access.services import ask_for_access, begin_review, break_glass, name_for_break_glass
from vault.access.services.asking import Wish
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, reveal_secret

pytestmark = pytest.mark.django_db

CRITICAL = Classification.CRITICAL
APPROVALS = 3


@dataclass(frozen=True)
class Home:
    """An organization, its owner, dora, who owns both, and a member, with something of everything."""

    organization: Organization
    owner: User
    dora: User
    member: Membership
    secret: Secret
    team: Team
    campaign: Campaign

    @property
    def doras(self) -> Membership:
        return Membership.objects.get(organization=self.organization, user=self.dora)


def make_home(organization: Organization, owner: User, dora: User) -> Home:
    who: dict[str, Any] = {"actor": owner, "organization": organization}
    person = make_person(f"Member{organization.name}")
    member = Membership.objects.create(organization=organization, user=person, role=Role.MEMBER)
    doras = Membership.objects.create(organization=organization, user=dora, role=Role.OWNER)
    project = create_project(kind=Project.Kind.APPLICATION, name="Website", **who)
    environment = project.environments.earliest("position")
    secret = create_secret(actor=owner, environment=environment, kind=Kind.VALUE, name="db", values={"value": "one"})
    team = create_team(name="Operations", **who)
    add_team_members(actor=owner, team=team, members=[doras])
    add_team_members(actor=owner, team=create_team(name="Others", **who), members=[member])
    machine = create_machine(name="Off", **who)
    give_grant(actor=owner, subject=machine, role=Role.MEMBER, terms=Terms(Scope(organization.pk)))
    disable_machine(actor=owner, machine=machine)
    create_role(name="Names", permissions=[Permission.SECRET_LIST], **who)
    named = name_for_break_glass(membership=member.pk, **who)
    name_for_break_glass(membership=doras.pk, project=project.pk, **who)
    break_glass(actor=person, person=named, reason="Fire")
    wish = Wish(role=RequestedRole.MEMBER, minutes=60, reason="To look")
    ask_for_access(actor=person, organization=organization, wish=wish)
    own = Membership.objects.get(organization=organization, user=owner).pk
    week = timezone.now() + timedelta(days=7)
    campaign = begin_review(name="Quarter", reviewers=[own, doras.pk], due_at=week, **who)
    begin_review(name="Of the owner alone", reviewers=[own, member_who_owns(organization).pk], due_at=week, **who)
    return Home(organization, owner, dora, member, secret, team, campaign)


def member_who_owns(organization: Organization) -> Membership:
    user = make_person(f"Second{organization.name}")
    return Membership.objects.create(organization=organization, user=user, role=Role.OWNER)


def _make_homes(cast: Cast) -> list[Home]:
    change(ClassPolicy.objects.filter(organization=cast.initech), approvals=APPROVALS)
    dora = make_person("Dora")
    return [make_home(cast.acme, cast.alice, dora), make_home(cast.initech, cast.charlie, dora)]


make_homes = Snapshot(_make_homes)


@pytest.fixture
def homes(cast: Cast) -> list[Home]:
    return make_homes(cast)


def now_of(listed: Callable[..., Any]) -> Callable[[Home], Any]:
    """For dora, at this moment."""
    return lambda home: listed(home.dora, home.organization, timezone.now())


LISTS: dict[str, Callable[[Home], Iterable[Any]]] = {
    "names": lambda home: named_in(home.organization.pk),
    "own names": lambda home: own_namings(home.dora, home.organization),
    "uses": now_of(seen_uses),
    "reviews owed": lambda home: owed_in(home.organization.pk),
    "owners": lambda home: owners_of(home.organization.pk),
    "requests": lambda home: requests_in(home.organization.pk),
    "open requests": lambda home: open_requests(home.organization.pk, timezone.now()),
    "own requests": lambda home: own_requests(home.member.user, home.organization),
    "requests of others": now_of(seen_by),
    "requests that wait": now_of(waiting_for),
    "roles": lambda home: roles_of(home.organization.pk),
    "teams": lambda home: teams_of(home.doras),
    "campaigns": lambda home: campaigns_in(home.organization.pk),
    "campaigns seen": lambda home: seen_campaigns(home.dora, home.organization),
    "lines": lambda home: lines_in(home.campaign),
    "sources": lambda home: [each.row for each in sources_in(home.organization.pk, None, timezone.now())],
    "people who read": lambda home: readers(home).people(),
    "teams that read": lambda home: readers(home).teams(),
}


def readers(home: Home) -> Readers:
    return Readers(asked(Permission.SECRET_REVEAL, Place(home.organization.pk)), [])


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_the_rows_of_one_organization(name: str, homes: list[Home]) -> None:
    for home in homes:
        found = list(LISTS[name](home))
        assert found or name == "teams that read"
        assert {each.organization_id for each in found} <= {home.organization.pk}


def test_policies_of_another_organization_bind_nobody(homes: list[Home]) -> None:
    for home, approvals in zip(homes, (0, APPROVALS), strict=True):
        assert demands_up_to(home.organization.pk, CRITICAL).approvals == approvals
        assert standing_of_team(home.team).demands[CRITICAL].approvals == approvals
        assert broken(home).approvals == approvals


def test_break_glass_gives_a_role_of_its_own_organization(homes: list[Home]) -> None:
    for home in homes:
        role = broken(home).custom_role
        assert role is not None
        assert (role.organization_id, role.name) == (home.organization.pk, "Reader")


def broken(home: Home) -> Grant:
    """What dora gets by breaking the glass."""
    (named,) = own_namings(home.dora, home.organization)
    grant = break_glass(actor=home.dora, person=named, reason="Fire").grant
    assert grant is not None
    return grant


def test_what_somebody_did_elsewhere_is_not_their_last_use_here(homes: list[Home]) -> None:
    here, there = homes
    change(ClassPolicy.objects.filter(organization=there.organization), approvals=0)
    reveal_secret(actor=here.dora, secret=there.secret.pk)
    where: Any = {"environment": there.secret.environment, "kind": Kind.VALUE}
    create_secret(actor=here.dora, name="written", values={"value": "two"}, **where)
    for home, did in ((here, False), (there, True)):
        question = asked(Permission.SECRET_REVEAL, Place(home.organization.pk))
        assert bool(last_used(question, [home.doras])) is did
        assert (home.doras.pk in last_uses(home.organization.pk, sources_in(*_all(home)))) is did
        assert bool(versions_seen_by(home.doras)) is did


def _all(home: Home) -> Any:
    return home.organization.pk, None, timezone.now()


def test_a_review_is_decided_by_those_chosen_for_it(homes: list[Home]) -> None:
    home = homes[0]
    other = Campaign.objects.exclude(pk=home.campaign.pk).get(organization=home.organization)
    assert home.doras in reviewers_in(home.campaign)
    assert home.doras not in reviewers_in(other)
    assert reviewer_of(home.dora, home.campaign) == home.doras
    assert reviewer_of(home.dora, other) is None
    assert reviewer_of(home.member.user, home.campaign) is None
    lines = lines_in(home.campaign).exclude(about=home.doras.pk).count()
    assert waiting_in(home.campaign, home.doras) == lines


def test_who_is_gone_reads_nothing_and_owns_nothing(homes: list[Home]) -> None:
    home = homes[0]
    assert home.member not in owners_of(home.organization.pk)
    assert not readers(home).machines().exists()  # the one that would is disabled
    gone, asleep = home.member, make_person("Asleep", is_active=False)
    sleeping = Membership.objects.create(organization=home.organization, user=asleep, role=Role.OWNER)
    change([gone], status=Membership.Status.REMOVED, role=Role.OWNER)
    for each in (gone, sleeping):
        assert each not in readers(home).people()
        assert each not in owners_of(home.organization.pk)
    assert gone not in [each.row for each in sources_in(*_all(home))]


def test_somebodys_teams_are_those_that_they_are_in(homes: list[Home]) -> None:
    for home in homes:
        assert teams_of(home.doras) == [home.team]


@pytest.mark.parametrize("over", [{"status": "denied"}, {"expires_at": timezone.now()}], ids=["denied", "expired"])
def test_a_request_that_is_over_waits_for_nobody(over: dict[str, Any], homes: list[Home]) -> None:
    home = homes[0]
    assert len(waiting_for(home.dora, home.organization, timezone.now())) == 1
    change(requests_in(home.organization.pk), **over)
    assert waiting_for(home.dora, home.organization, timezone.now()) == []


@pytest.mark.parametrize("field", ["membership", "project"])
def test_nobody_names_a_row_of_another_organization_that_is_theirs(field: str, homes: list[Home]) -> None:
    here, there = homes
    named = {"membership": here.member.pk, "project": None}
    named[field] = there.doras.pk if field == "membership" else there.secret.project_id
    with pytest.raises(AccessDenied) as refused:
        name_for_break_glass(actor=here.dora, organization=here.organization, **named)  # type: ignore[arg-type]  # uids
    assert not refused.value.visible


def test_nobody_reviews_a_project_of_another_organization_that_is_theirs(homes: list[Home]) -> None:
    here, there = homes
    with pytest.raises(AccessDenied) as refused:
        begin_review(
            actor=here.dora,
            organization=here.organization,
            name="Theirs",
            reviewers=[here.doras.pk],
            due_at=timezone.now() + timedelta(days=7),
            project=there.secret.project_id,
        )
    assert not refused.value.visible


def test_to_name_one_leaves_the_others_named(homes: list[Home]) -> None:
    home = homes[0]
    before = {each.pk for each in named_in(home.organization.pk)}
    gone = Membership.objects.create(
        organization=home.organization, user=make_person("Gone"), role=Role.MEMBER, status=Membership.Status.REMOVED
    )
    with pytest.raises(AccessDenied):
        name_for_break_glass(actor=home.owner, organization=home.organization, membership=gone.pk)
    name_for_break_glass(actor=home.owner, organization=home.organization, membership=home.doras.pk)
    assert before < {each.pk for each in named_in(home.organization.pk)}
