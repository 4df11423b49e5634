"""The end of a membership: what is handed over, what is left on purpose, and that everything ends at once."""

from uuid import uuid4

import pytest

from accounts.models import Session
from audit.models import Event
from orgs import services as orgs
from orgs.classification import Classification
from orgs.errors import BeyondReach, LastOwner, OrganizationError, RoleOutOfReach
from orgs.models import Grant, Membership, TeamMembership
from orgs.permissions import AccessDenied, Permission, decide
from orgs.roles import Role
from orgs.selectors import organizations_of
from tests.cast import Cast, signed_in_client
from tests.orgs.parallel import in_parallel
from tests.vault.access.leaving.scenes import Leaving, make_leaving
from vault.access.errors import InvalidHandover, LeftBehind, PlanChanged
from vault.access.leaving import plan_of
from vault.access.models import AccessRequest
from vault.access.services import Handover, end_membership, name_for_break_glass
from vault.secrets import services as secrets


def reads(leaving: Leaving, person: object, secret: object) -> bool:
    return decide(person, Permission.SECRET_REVEAL, secret).allowed  # type: ignore[arg-type]  # a user, a secret


def test_it_hands_over_exactly_what_is_left_behind(leaving: Leaving) -> None:
    cast = leaving.cast
    left, shared = leaving.add("db/url"), leaving.add("other")
    leaving.grant_to(leaving.member(cast.vera), path="other")
    grants = end_membership(
        actor=cast.adam,
        membership=leaving.member(cast.bob),
        handovers=[Handover(leaving.production.pk, member=leaving.member(cast.vera).pk)],
    ).grants
    (grant,) = grants
    assert (grant.origin, grant.path, grant.highest) == ("handed_over", "db", Classification.INTERNAL)
    assert "Bob" in grant.reason
    assert reads(leaving, cast.vera, left)
    assert reads(leaving, cast.vera, shared)
    assert not decide(cast.vera, Permission.SECRET_WRITE, left).allowed
    assert not reads(leaving, cast.bob, left)
    settled = Event.objects.get(action="membership.settled")
    assert (settled.details["grants"], settled.details["remaining"]) == (1, 0)


def test_a_team_may_get_it_with_the_right_to_write(leaving: Leaving) -> None:
    cast = leaving.cast
    left = leaving.add("one")
    team = orgs.create_team(actor=cast.alice, organization=cast.acme, name="Ops")
    orgs.add_team_members(actor=cast.alice, team=team, members=[leaving.member(cast.vera)])
    handover = Handover(leaving.production.pk, team=team.pk, writes=True)
    end_membership(actor=cast.adam, membership=leaving.member(cast.bob), handovers=[handover])
    assert decide(cast.vera, Permission.SECRET_WRITE, left).allowed


def test_what_reaches_a_class_of_limited_grants_ends_as_its_policy_says(leaving: Leaving) -> None:
    from tests.sealing import change

    change([leaving.grant], highest=Classification.CRITICAL)
    leaving.add("top", Classification.CRITICAL)
    cast = leaving.cast
    handover = Handover(leaving.production.pk, member=leaving.member(cast.vera).pk)
    (grant,) = end_membership(actor=cast.alice, membership=leaving.member(cast.bob), handovers=[handover]).grants
    assert grant.ends_at is not None
    assert 29 <= (grant.ends_at - grant.starts_at).days <= 30


def test_to_leave_something_takes_the_address_typed(leaving: Leaving) -> None:
    leaving.add("one")
    bob = leaving.member(leaving.cast.bob)
    for typed in ("", "bob", "alice@example.com"):
        with pytest.raises(LeftBehind):
            end_membership(actor=leaving.cast.adam, membership=bob, confirmation=typed)
    assert leaving.member(leaving.cast.bob).status == Membership.Status.ACTIVE
    left = end_membership(actor=leaving.cast.adam, membership=bob, confirmation=" Bob@Example.com ")
    assert left.remaining == 1
    assert Event.objects.get(action="membership.settled").details["remaining"] == 1


def test_nothing_left_behind_needs_no_typing(leaving: Leaving) -> None:
    end_membership(actor=leaving.cast.adam, membership=leaving.member(leaving.cast.bob))
    assert leaving.member(leaving.cast.bob).status == Membership.Status.REMOVED


def test_what_was_shown_must_still_be_so(leaving: Leaving) -> None:
    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    shown = plan_of(cast.acme, bob).digest
    leaving.add("meanwhile")
    with pytest.raises(PlanChanged):
        end_membership(actor=cast.adam, membership=bob, digest=shown, confirmation=bob.user.email)
    end_membership(actor=cast.adam, membership=bob, digest=plan_of(cast.acme, bob).digest, confirmation=bob.user.email)


@pytest.mark.parametrize("wrong", ["nothing there", "twice", "both", "neither", "the one who leaves"])
def test_it_refuses_a_handover_that_cannot_be(leaving: Leaving, wrong: str) -> None:
    leaving.add("one")
    vera, bob = leaving.member(leaving.cast.vera), leaving.member(leaving.cast.bob)
    here = leaving.production.pk
    handovers = {
        "nothing there": [Handover(leaving.open_secret.environment_id, member=vera.pk)],
        "twice": [Handover(here, member=vera.pk), Handover(here, member=vera.pk)],
        "both": [Handover(here, member=vera.pk, team=uuid4())],
        "neither": [Handover(here)],
        "the one who leaves": [Handover(here, member=bob.pk)],
    }[wrong]
    before = Grant.objects.count()
    with pytest.raises(InvalidHandover):
        end_membership(actor=leaving.cast.adam, membership=bob, handovers=handovers, confirmation=bob.user.email)
    assert Grant.objects.count() == before
    assert leaving.member(leaving.cast.bob).status == Membership.Status.ACTIVE


def test_members_and_teams_of_another_organization_are_not_there(leaving: Leaving) -> None:
    leaving.add("one")
    cast = leaving.cast
    foreign = Membership.objects.get(organization=cast.initech)
    team = orgs.create_team(actor=cast.charlie, organization=cast.initech, name="Theirs")
    for handover in (
        Handover(leaving.production.pk, member=foreign.pk),
        Handover(leaving.production.pk, team=team.pk),
        Handover(leaving.production.pk, member=uuid4()),
    ):
        with pytest.raises(AccessDenied) as denied:
            end_membership(actor=cast.adam, membership=leaving.member(cast.bob), handovers=[handover])
        assert not denied.value.visible
    with pytest.raises(AccessDenied) as denied:
        end_membership(actor=cast.adam, membership=foreign)
    assert not denied.value.visible


def test_nobody_hands_over_what_they_do_not_hold(leaving: Leaving) -> None:
    """Vera manages members by a grant, and has nothing to do with the hidden project."""
    from orgs.places import Scope
    from orgs.services.grants import Terms

    cast = leaving.cast
    leaving.add("one")
    role = orgs.create_role(
        actor=cast.alice,
        organization=cast.acme,
        name="People",
        permissions=[Permission.MEMBER_MANAGE, Permission.GRANT_MANAGE, Permission.ORG_VIEW],
    )
    orgs.give_grant(actor=cast.alice, subject=leaving.member(cast.vera), role=role, terms=Terms(Scope(cast.acme.uid)))
    handover = Handover(leaving.production.pk, member=leaving.member(cast.vera).pk)
    with pytest.raises((AccessDenied, BeyondReach, RoleOutOfReach)):
        end_membership(actor=cast.vera, membership=leaving.member(cast.bob), handovers=[handover])
    assert leaving.member(cast.bob).status == Membership.Status.ACTIVE
    assert not Grant.objects.filter(origin=Grant.Origin.HANDED_OVER).exists()


def test_everything_ends_at_once(leaving: Leaving) -> None:
    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    team = orgs.create_team(actor=cast.alice, organization=cast.acme, name="Ops")
    orgs.add_team_members(actor=cast.alice, team=team, members=[bob])
    named = name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=bob.pk)
    request = leaving.ask()
    end_membership(actor=cast.adam, membership=bob)
    named.refresh_from_db()
    request.refresh_from_db()
    assert named.ended_at is not None
    assert request.status == AccessRequest.Status.EXPIRED
    assert not TeamMembership.objects.filter(membership=bob).exists()
    assert not Grant.objects.filter(membership=bob, revoked_at__isnull=True).exists()


def test_the_sessions_of_whoever_belongs_nowhere_end(leaving: Leaving) -> None:
    cast = leaving.cast
    first, second, other = (signed_in_client(each) for each in (cast.bob, cast.bob, cast.vera))
    end_membership(actor=cast.adam, membership=leaving.member(cast.bob))
    assert not Session.objects.filter(user=cast.bob).exists()
    for client, status in ((first, 302), (second, 302), (other, 200)):
        assert client.get("/account/").status_code == status or client.get("/organizations/").status_code == status


def test_the_sessions_of_whoever_belongs_elsewhere_go_on_there_alone(leaving: Leaving) -> None:
    cast = leaving.cast
    own = orgs.create_organization(actor=cast.bob, name="Bob's")
    client = signed_in_client(cast.bob)
    left = end_membership(actor=cast.adam, membership=leaving.member(cast.bob))
    assert left.sessions_ended == 0
    assert client.get(f"/organizations/{own.uid}/members/").status_code == 200
    assert client.get(f"/organizations/{cast.acme.uid}/members/").status_code == 404
    assert organizations_of(cast.bob) == [own.uid]


def test_whoever_leaves_needs_no_permission_and_the_last_owner_stays(leaving: Leaving) -> None:
    cast = leaving.cast
    end_membership(actor=cast.vera, membership=leaving.member(cast.vera))
    with pytest.raises(LastOwner):
        end_membership(actor=cast.alice, membership=leaving.member(cast.alice))
    with pytest.raises(RoleOutOfReach):
        end_membership(actor=cast.adam, membership=leaving.member(cast.alice))
    with pytest.raises(AccessDenied):
        end_membership(actor=cast.bob, membership=leaving.member(cast.adam))
    with pytest.raises(OrganizationError):
        end_membership(actor=cast.adam, membership=leaving.member(cast.vera))


def test_the_log_does_not_tell_whether_somebody_belongs_elsewhere(leaving: Leaving) -> None:
    """Of two who are removed one has a session that ends with it, because he belongs nowhere else by then."""
    cast = leaving.cast
    orgs.create_organization(actor=cast.bob, name="Bob's")
    told = []
    for person in (cast.bob, cast.vera):
        signed_in_client(person)
        left = end_membership(actor=cast.adam, membership=leaving.member(person))
        event = Event.objects.get(action="membership.settled", resource_id=str(left.membership.pk))
        told.append((left.sessions_ended, dict(event.details)))
    assert [number for number, _ in told] == [0, 1]
    assert told[0][1] == told[1][1]


@pytest.mark.django_db(transaction=True)
def test_who_leaves_two_organizations_at_once_has_no_session_left(transactional_cast: Cast) -> None:
    cast = transactional_cast
    other = Membership.objects.create(organization=cast.initech, user=cast.bob, role=Role.MEMBER)
    mine = Membership.objects.get(organization=cast.acme, user=cast.bob)
    for _ in range(3):
        signed_in_client(cast.bob)
    raised = in_parallel(
        lambda: end_membership(actor=cast.alice, membership=mine),
        lambda: end_membership(actor=cast.charlie, membership=other),
    )
    assert raised == [None, None]
    assert not Session.objects.filter(user=cast.bob).exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_remove_the_same_one_hand_over_once(transactional_cast: Cast) -> None:
    leaving = make_leaving(transactional_cast)
    cast = leaving.cast
    leaving.add("one")
    bob, vera = leaving.member(cast.bob), leaving.member(cast.vera)
    handover = [Handover(leaving.production.pk, member=vera.pk)]
    raised = in_parallel(
        lambda: end_membership(actor=cast.alice, membership=bob, handovers=handover),
        lambda: end_membership(actor=cast.adam, membership=bob, handovers=handover),
    )
    assert sum(each is None for each in raised) == 1
    assert Grant.objects.filter(origin=Grant.Origin.HANDED_OVER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_reveal_beside_a_removal_is_before_it_or_refused(transactional_cast: Cast) -> None:
    leaving = make_leaving(transactional_cast)
    cast = leaving.cast
    secret = leaving.add("one")
    bob = leaving.member(cast.bob)
    raised = in_parallel(
        lambda: secrets.reveal_secret(actor=cast.bob, secret=secret.pk),
        lambda: end_membership(actor=cast.alice, membership=bob, confirmation=cast.bob.email),
    )
    assert raised[1] is None
    actions = list(
        Event.objects.filter(action__in=["secret.revealed", "membership.removed"]).order_by("id").values_list("action")
    )
    revealed = ("secret.revealed",) in actions
    assert revealed == (raised[0] is None)
    assert not revealed or actions[0] == ("secret.revealed",)
