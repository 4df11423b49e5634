"""How far grants reach: windows to the second, paths by their parts, the union of all, and the cap of viewers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import User
from orgs.classification import Classification
from orgs.models import Environment, Grant
from orgs.permissions import Permission, decide, permissions_of
from orgs.roles import Role
from orgs.selectors import projects_of, projects_where
from orgs.services import change_grant, change_open_role, restrict_project, revoke_grants
from tests.orgs.access.authority import Scene
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.selectors import Filters, listable_secrets
from vault.secrets.services import create_secret

REVEAL, LIST, WRITE = Permission.SECRET_REVEAL, Permission.SECRET_LIST, Permission.SECRET_WRITE
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def store(scene: Scene, environment: Environment, names: Iterable[str]) -> dict[str, Secret]:
    return {
        name: create_secret(
            actor=scene.cast.alice, environment=environment, kind=Kind.VALUE, name=name, values={"value": "v"}
        )
        for name in names
    }


def listed(person: User) -> set[str]:
    return set(listable_secrets(person, Filters()).values_list("name", flat=True))


def test_a_grant_ends_to_the_second_and_without_any_job(scene: Scene) -> None:
    bob, payroll = scene.cast.bob, scene.payroll
    secret = store(scene, scene.environment(payroll), ["KEY"])["KEY"]
    with time_machine.travel(NOON, tick=False) as clock:
        begins, ends = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
        scene.give(bob, Role.MEMBER, scene.scope(payroll), starts=begins, ends=ends)
        for moment, allowed in (
            (begins - timedelta(seconds=1), False),
            (begins, True),
            (ends - timedelta(seconds=1), True),
            (ends, False),
            (ends + timedelta(days=1), False),
        ):
            clock.move_to(moment)
            decision = decide(bob, REVEAL, secret)
            assert decision.allowed is allowed, moment
            assert decide(bob, LIST, secret).allowed is allowed
            assert (secret.name in listed(bob)) is allowed
            assert (payroll in projects_where(bob, LIST)) is allowed
            if allowed:
                assert decision.until == ends
                assert "until 23 Nov 2026" in decision.because
        assert decide(bob, REVEAL, secret).because.endswith("has ended")


def test_a_revoked_grant_ends_at_once(scene: Scene) -> None:
    grant = scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll))
    assert decide(scene.cast.bob, Permission.SECRET_LIST, scene.payroll).allowed is False  # internal only
    assert [each.name for each in projects_of(scene.cast.bob, scene.acme)] == ["Payroll", "Website"]
    revoke_grants(actor=scene.cast.alice, grants=[grant])
    assert [each.name for each in projects_of(scene.cast.bob, scene.acme)] == ["Website"]


def test_a_path_reaches_by_its_parts(scene: Scene) -> None:
    bob, production = scene.cast.bob, scene.environment(scene.payroll)
    names = ["db", "db/url", "db/primary/url", "dbx", "DB/url2", "d", "other/db/url", "db%", "d_", "db_/x"]
    stored = store(scene, production, names)
    scene.give(bob, Role.MEMBER, scene.scope(scene.payroll, production, "db"))
    reached = {"db", "db/url", "db/primary/url"}
    assert {name for name, secret in stored.items() if decide(bob, REVEAL, secret).allowed} == reached
    assert listed(bob) == reached  # the list agrees, on every database
    [shown] = [each for each in projects_of(bob, scene.acme) if each == scene.payroll]
    assert vars(shown)["secret_count"] == len(reached)


def test_grants_add_up(scene: Scene) -> None:
    bob, payroll = scene.cast.bob, scene.payroll
    production = scene.environment(payroll)
    secret = store(scene, production, ["KEY"])["KEY"]
    scene.give(bob, scene.role(LIST, name="Names"), scene.scope(payroll))
    assert permissions_of(bob, secret) == {Permission.ORG_VIEW, LIST}
    scene.give(scene.team("Writers", bob), scene.role(WRITE, name="Writer"), scene.scope(payroll, production))
    top = scene.team("Top")
    scene.give(top, scene.role(REVEAL, name="Reader"), scene.scope(payroll, production, "KEY"))
    scene.team("Below", bob, parent=top)
    assert permissions_of(bob, secret) == {Permission.ORG_VIEW, LIST, WRITE, REVEAL}
    assert (
        decide(bob, REVEAL, secret).because == "the grant of Reader on Payroll / Production / KEY/ through the team Top"
    )


def test_classes_add_up_too(scene: Scene) -> None:
    bob = scene.cast.bob
    production = scene.environment(scene.payroll)
    stored = store(scene, production, ["plain", "db/hot"])
    for secret in stored.values():
        secret.classification = Classification.SENSITIVE
        secret.save(update_fields=["classification"])
    scene.give(bob, Role.MEMBER, scene.scope(scene.payroll))
    assert listed(bob) == set()
    scene.give(
        bob,
        Role.MEMBER,
        scene.scope(scene.payroll, production, "db"),
        highest=Classification.SENSITIVE,
        ends=datetime.now(UTC) + timedelta(days=300),
    )
    assert listed(bob) == {"db/hot"}
    assert decide(bob, REVEAL, stored["db/hot"]).allowed
    assert not decide(bob, REVEAL, stored["plain"]).allowed


def test_a_viewer_is_capped_by_openness_and_by_nothing_else(scene: Scene) -> None:
    vera, website = scene.cast.vera, scene.website
    assert decide(vera, LIST, website).allowed
    assert not decide(vera, REVEAL, website).allowed
    assert decide(scene.cast.bob, REVEAL, website).allowed
    scene.give(vera, Role.MEMBER, scene.scope(website))
    secret = store(scene, scene.environment(website), ["KEY"])["KEY"]
    assert decide(vera, REVEAL, secret).allowed


def test_a_project_open_as_viewer_shows_names_only(scene: Scene) -> None:
    change_open_role(actor=scene.cast.adam, project=scene.website, role=Role.VIEWER)
    assert decide(scene.cast.bob, LIST, scene.website).allowed
    assert not decide(scene.cast.bob, REVEAL, scene.website).allowed
    assert Grant.objects.filter(project=scene.website, revoked_at__isnull=True).count() == 1


def test_a_restricted_project_is_not_there_for_those_without_a_grant(scene: Scene) -> None:
    scene.give(scene.cast.vera, Role.MEMBER, scene.scope(scene.website))
    restrict_project(actor=scene.cast.adam, project=scene.website)
    refused = decide(scene.cast.bob, LIST, scene.website)
    assert not refused.allowed
    assert not refused.visible
    assert list(projects_of(scene.cast.bob, scene.acme)) == []
    assert [each.name for each in projects_of(scene.cast.vera, scene.acme)] == ["Website"]
    assert {each.name for each in projects_of(scene.cast.adam, scene.acme)} == {"Website", "Payroll"}
    change_open_role(actor=scene.cast.adam, project=scene.website, role=Role.MEMBER)
    assert decide(scene.cast.bob, REVEAL, scene.website).allowed


@pytest.mark.parametrize("hours", [1, 5])
def test_a_changed_window_holds_at_once(scene: Scene, hours: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        grant = scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), ends=NOON + timedelta(hours=3))
        change_grant(actor=scene.cast.alice, grant=grant, starts_at=None, ends_at=NOON + timedelta(hours=hours))
        clock.move_to(NOON + timedelta(hours=hours, seconds=-1))
        assert scene.payroll in projects_where(scene.cast.bob, LIST)
        clock.move_to(NOON + timedelta(hours=hours))
        assert scene.payroll not in projects_where(scene.cast.bob, LIST)
