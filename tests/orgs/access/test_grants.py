"""Giving, changing and revoking grants: what is asked of them, what is refused, and what the log says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.models import Event
from orgs.classification import Classification
from orgs.errors import InvalidGrant, NothingChosen
from orgs.models import ClassPolicy, Grant, Membership, Project
from orgs.permissions import AccessDenied, Permission
from orgs.places import Scope
from orgs.roles import Role
from orgs.selectors import GrantFilters, granting_in, page_of_grants, places_within
from orgs.services import (
    change_grant,
    create_machine,
    create_project,
    create_role,
    create_team,
    delete_project,
    give_grant,
    revoke_grants,
)
from orgs.services.grants import Terms
from tests.orgs.access.authority import Scene
from tests.sealing import change, tamper
from vault.seals.errors import SealBroken


def test_the_event_names_all_that_the_grant_does(scene: Scene) -> None:
    ends = timezone.now() + timedelta(days=10)
    production = scene.environment(scene.payroll)
    role = scene.role(Permission.SECRET_LIST, name="Names")
    grant = scene.give(
        scene.team("Operations"), role, scene.scope(scene.payroll, production, "db"), ends=ends,
        highest=Classification.CRITICAL, reason="Night shift",
    )  # fmt: skip
    event = Event.objects.get(action="grant.given")
    assert event.resource_id == str(grant.uid)
    assert event.resource_label == "Names"
    assert event.details == {
        "subject": "Operations",
        "subject_id": str(grant.team_id),
        "subject_kind": "team",
        "role": "Names",
        "role_id": str(role.uid),
        "scope": "Payroll / Production / db/",
        "project_id": str(scene.payroll.uid),
        "environment_id": str(production.uid),
        "path": "db",
        "classification": "critical",
        "starts_at": grant.starts_at.isoformat(timespec="seconds"),
        "expires_at": ends.isoformat(timespec="seconds"),
        "reason": "Night shift",
    }
    assert event.risk == "high"


@pytest.mark.parametrize(("highest", "days"), [(Classification.SENSITIVE, 365), (Classification.CRITICAL, 30)])
def test_the_policy_of_a_class_bounds_the_window(scene: Scene, highest: Classification, days: int) -> None:
    now = timezone.now()
    scope = scene.scope(scene.payroll)
    for ends in (None, now + timedelta(days=days, minutes=1)):
        with pytest.raises(InvalidGrant) as caught:
            scene.give(scene.cast.bob, Role.MEMBER, scope, highest=highest, ends=ends)
        assert caught.value.field == "ends_at"
        assert f"at most {days} days" in str(caught.value)
        assert "or a lower highest classification" in str(caught.value)
    grant = scene.give(scene.cast.bob, Role.MEMBER, scope, highest=highest, ends=now + timedelta(days=days))
    with pytest.raises(InvalidGrant):
        change_grant(actor=scene.cast.alice, grant=grant, starts_at=None, ends_at=now + timedelta(days=days + 1))
    change_grant(actor=scene.cast.alice, grant=grant, starts_at=None, ends_at=now + timedelta(days=1))


def test_the_strictest_class_below_counts(scene: Scene) -> None:
    change(ClassPolicy.objects.filter(organization=scene.acme, classification=1), longest_grant_days=7)
    with pytest.raises(InvalidGrant, match="internal holds for at most 7 days"):
        scene.give(
            scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), highest=Classification.CRITICAL,
            ends=timezone.now() + timedelta(days=8),
        )  # fmt: skip


def test_a_role_that_has_nothing_to_do_with_secrets_reaches_no_class(scene: Scene) -> None:
    watch = scene.role(Permission.AUDIT_VIEW, name="Watch")
    assert scene.give(scene.cast.bob, watch, highest=Classification.CRITICAL).ends_at is None


def test_it_refuses_windows_that_cannot_be(scene: Scene) -> None:
    now = timezone.now()
    cases: tuple[dict[str, Any], ...] = (
        {"ends": now - timedelta(seconds=1)},
        {"starts": now + timedelta(days=2), "ends": now + timedelta(days=1)},
        {"starts": now + timedelta(days=2), "ends": now + timedelta(days=2)},
    )
    for window in cases:
        with pytest.raises(InvalidGrant) as caught:
            scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), **window)
        assert caught.value.field == "ends_at"


def test_it_begins_now_at_the_earliest(scene: Scene) -> None:
    before = timezone.now()
    grant = scene.give(scene.cast.bob, Role.VIEWER, starts=before - timedelta(days=400))
    assert grant.starts_at >= before


def test_it_does_not_change_a_beginning_that_is_past_or_a_grant_that_is_over(scene: Scene) -> None:
    now = timezone.now()
    begun = scene.give(scene.cast.bob, Role.VIEWER)
    with pytest.raises(InvalidGrant, match="has begun"):
        change_grant(actor=scene.cast.alice, grant=begun, starts_at=now + timedelta(days=1), ends_at=None)
    later = scene.give(scene.cast.vera, Role.VIEWER, starts=now + timedelta(days=1))
    moved = change_grant(actor=scene.cast.alice, grant=later, starts_at=now + timedelta(days=2), ends_at=None)
    assert moved.starts_at == now + timedelta(days=2)
    revoke_grants(actor=scene.cast.alice, grants=[begun])
    with pytest.raises(InvalidGrant, match="holds no more"):
        change_grant(actor=scene.cast.alice, grant=begun, starts_at=None, ends_at=None)


def test_nothing_happens_when_nothing_differs(scene: Scene) -> None:
    grant = scene.give(scene.cast.bob, Role.VIEWER)
    before = Event.objects.count()
    change_grant(actor=scene.cast.alice, grant=grant, starts_at=None, ends_at=None)
    revoke_grants(actor=scene.cast.alice, grants=[grant])
    assert Event.objects.count() == before + 1
    assert revoke_grants(actor=scene.cast.alice, grants=[grant]) == []
    assert Event.objects.count() == before + 1


def test_it_refuses_an_empty_batch(scene: Scene) -> None:
    with pytest.raises(NothingChosen):
        revoke_grants(actor=scene.cast.alice, grants=[])


def test_it_refuses_the_same_grant_twice_at_one_time(scene: Scene) -> None:
    now = timezone.now()
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), ends=now + timedelta(days=2))
    with pytest.raises(InvalidGrant, match="already"):
        scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll))
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), starts=now + timedelta(days=3))


@pytest.mark.parametrize("path", ["/db", "db/", "db//x", "..", "db/../x", "./db", ".", "db/ /x", "a\u202eb"])
def test_it_refuses_paths_that_are_none(scene: Scene, path: str) -> None:
    production = scene.environment(scene.payroll)
    with pytest.raises(ValidationError):
        scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll, production, path))


def test_a_path_is_part_of_an_environment(scene: Scene) -> None:
    with pytest.raises(InvalidGrant) as caught:
        scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll, None, "db"))
    assert caught.value.field == "path"


def test_rows_of_another_organization_do_not_exist(scene: Scene) -> None:
    """Alice manages both, and still what a grant names has to belong together."""
    alice, charlie, initech = scene.cast.alice, scene.cast.charlie, scene.cast.initech
    Membership.objects.create(organization=initech, user=alice, role=Role.OWNER)
    theirs = create_project(actor=charlie, organization=initech, kind=Project.Kind.APPLICATION, name="Theirs")
    environment = theirs.environments.earliest("position")
    team = create_team(actor=charlie, organization=initech, name="Their team")
    machine = create_machine(actor=charlie, organization=initech, name="Their machine")
    role = create_role(actor=charlie, organization=initech, name="Theirs", permissions=[Permission.SECRET_LIST])
    stranger = Membership.objects.get(organization=initech, user=charlie)
    mine = scene.scope(scene.payroll)
    attempts: list[Callable[[], object]] = [
        lambda: scene.give(team, Role.VIEWER, mine),
        lambda: scene.give(machine, Role.VIEWER, mine),
        lambda: scene.give(scene.cast.bob, role, mine),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, scene.scope(theirs)),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.payroll, environment)),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.website, scene.environment(scene.payroll))),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, Scope(scene.acme.uid, uuid4())),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, Scope(initech.uid, scene.payroll.uid)),
    ]
    for attempt in attempts:
        with pytest.raises(AccessDenied) as caught:
            attempt()
        assert not caught.value.visible
    with pytest.raises(AccessDenied):
        give_grant(actor=alice, subject=stranger, role=Role.VIEWER, terms=Terms(mine))
    assert not Grant.objects.filter(origin="given").exists()


def test_the_list_shows_what_is_managed_and_ended_ones_apart(scene: Scene) -> None:
    gatekeeper = scene.role(Permission.GRANT_MANAGE, Permission.SECRET_LIST, name="Gatekeeper")
    production = scene.environment(scene.payroll)
    scene.give(scene.cast.bob, gatekeeper, scene.scope(scene.payroll, production, "db"))
    within = scene.give(scene.cast.vera, Role.VIEWER, scene.scope(scene.payroll, production, "db/url"))
    scene.give(scene.cast.vera, Role.VIEWER, scene.scope(scene.payroll, production, "dbx"))
    scene.give(scene.cast.vera, Role.VIEWER, scene.scope(scene.payroll, production, "DB/x"))
    over = scene.give(scene.cast.vera, Role.VIEWER, scene.scope(scene.payroll, production, "db/old"))
    revoke_grants(actor=scene.cast.alice, grants=[over])
    _, reached = granting_in(scene.cast.bob, scene.acme.uid)
    page = page_of_grants(reached, GrantFilters(), "")
    assert {grant.path for grant in page.rows} == {"db", "db/url"}
    [place] = places_within(reached)
    assert (place, list(place.environments.all())) == (scene.payroll, [production])
    assert [grant.pk for grant in page_of_grants(reached, GrantFilters(ended=True), "").rows] == [over.pk]
    assert [grant.pk for grant in page_of_grants(reached, GrantFilters(role="viewer"), "").rows] == [within.pk]
    mine = GrantFilters(subject=scene.member(scene.cast.vera).uid)
    assert [grant.pk for grant in page_of_grants(reached, mine, "").rows] == [within.pk]
    with pytest.raises(AccessDenied):
        granting_in(scene.cast.vera, scene.acme.uid)
    with pytest.raises(AccessDenied):
        granting_in(scene.cast.charlie, scene.acme.uid)


def test_a_grant_that_sql_has_changed_is_in_no_list_and_is_not_touched(scene: Scene) -> None:
    grant = scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.payroll))
    tamper(Grant.objects.filter(pk=grant.pk), role="admin")
    _, reached = granting_in(scene.cast.alice, scene.acme.uid)
    assert grant.pk not in {each.pk for each in page_of_grants(reached, GrantFilters(), "").rows}
    with pytest.raises(SealBroken):
        revoke_grants(actor=scene.cast.alice, grants=[grant])


def test_a_deleted_project_takes_its_grants_along(scene: Scene) -> None:
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll, scene.environment(scene.payroll)))
    delete_project(actor=scene.cast.alice, project=scene.payroll)
    assert not Grant.objects.filter(origin="given").exists()
