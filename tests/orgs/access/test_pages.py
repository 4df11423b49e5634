"""The pages about authority: what they show to whom, and every change through the page that shows it first."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orgs.models import CustomRole, Grant, Machine, Project, Team, TeamMembership
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.selectors import opening_of
from orgs.services import create_machine, create_project, create_role, create_team
from tests.orgs.access.authority import Scene
from tests.orgs.confirming import confirmed

ClientFor = Callable[..., Client]
LIST, GRANTS = Permission.SECRET_LIST, Permission.GRANT_MANAGE


def url(scene: Scene, name: str, *arguments: object) -> str:
    return reverse(f"orgs:{name}", args=[scene.acme.uid, *arguments])


def grant_data(scene: Scene, **fields: Any) -> dict[str, Any]:
    return {
        "subject": str(scene.member(scene.cast.bob).uid),
        "role": "member",
        "scope": f"project:{scene.payroll.uid}",
        "highest": "1",
        **fields,
    }


def test_a_grant_is_given_after_a_look_at_what_it_changes(scene: Scene, client_for: ClientFor) -> None:
    client, path = client_for(scene.cast.adam), url(scene, "grant_create")
    shown = client.post(path, grant_data(scene, reason="On call"))
    page = shown.content.decode()
    assert "Grant Member to Bob?" in page
    assert "Payroll" in page
    assert not Grant.objects.filter(origin="given").exists()
    assert confirmed(client, path, grant_data(scene, reason="On call")).status_code == 302
    grant = Grant.objects.get(origin="given")
    assert (grant.role, grant.project, grant.reason) == ("member", scene.payroll, "On call")
    listed = client.get(url(scene, "grants")).content.decode()
    assert "On call" in listed
    assert "Bob" in listed


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"highest": "3"}, "at most 30 days"),
        ({"role": "owner"}, "Choose one of these roles"),
        ({"subject": str(uuid4())}, "Choose one of these members"),
        ({"scope": f"project:{uuid4()}"}, "You manage no grants there"),
        ({"path": "db"}, "part of an environment"),
        ({"path": "../x"}, "names between single slashes"),
        ({"ends_at": "yesterday"}, "2026-12-24T18:00"),
        ({"ends_at": "2020-01-01T00:00"}, "over already"),
        ({"subject": "", "role": "", "scope": "", "highest": ""}, "Choose a role"),
        ({"highest": "9"}, "Choose one of these"),
        ({"reason": "x" * 600}, "at most 500"),
    ],
)
def test_what_is_wrong_with_a_grant_is_said_at_its_field(
    scene: Scene, client_for: ClientFor, fields: dict[str, str], said: str
) -> None:
    answer = client_for(scene.cast.adam).post(url(scene, "grant_create"), grant_data(scene, **fields))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert 'class="field__error"' in page or 'role="alert"' in page
    assert not Grant.objects.filter(origin="given").exists()


def test_rows_of_others_are_no_choice(scene: Scene, client_for: ClientFor) -> None:
    charlie, initech = scene.cast.charlie, scene.cast.initech
    theirs = create_project(actor=charlie, organization=initech, kind=Project.Kind.APPLICATION, name="Theirs")
    team = create_team(actor=charlie, organization=initech, name="Their team")
    role = create_role(actor=charlie, organization=initech, name="Their role", permissions=[LIST])
    client = client_for(scene.cast.alice)
    for field, uid in (("subject", team.uid), ("role", role.uid), ("scope", f"project:{theirs.uid}")):
        answer = client.post(url(scene, "grant_create"), grant_data(scene, **{field: str(uid)}))
        assert answer.status_code == 422
        assert "Their" not in answer.content.decode()
    answer = client.post(url(scene, "team_create"), {"name": "New", "parent": str(team.uid)})
    assert answer.status_code == 422
    mine = scene.team("Mine")
    stranger = str(scene.member(scene.cast.bob).uid), str(uuid4())
    assert client.post(url(scene, "team_members", mine.uid), {"members": stranger}).status_code == 422
    assert not TeamMembership.objects.exists()


def test_somebody_who_manages_a_part_sees_and_gives_that_part(scene: Scene, client_for: ClientFor) -> None:
    production = scene.environment(scene.payroll)
    scene.give(scene.cast.vera, Role.MEMBER, scene.scope(scene.website))
    scene.give(
        scene.cast.bob, scene.role(GRANTS, LIST, name="Gatekeeper"), scene.scope(scene.payroll, production, "db")
    )
    assert client_for(scene.cast.vera).get(url(scene, "grants")).status_code == 403
    client = client_for(scene.cast.bob)
    listed = client.get(url(scene, "grants")).content.decode()
    assert "Gatekeeper" in listed
    assert "Vera" not in listed
    form = client.get(url(scene, "grant_create")).content.decode()
    assert f"environment:{production.uid}" in form
    assert "The whole organization" not in form
    assert f"project:{scene.payroll.uid}" not in form
    gatekeeper = CustomRole.objects.get(name="Gatekeeper")
    data = grant_data(
        scene, subject=str(scene.member(scene.cast.vera).uid), scope=f"environment:{production.uid}",
        role=str(gatekeeper.uid),
    )  # fmt: skip
    refused = client.post(url(scene, "grant_create"), {**data, "path": "dbx"})
    assert refused.status_code == 422
    assert "only below db/" in refused.content.decode()
    assert confirmed(client, url(scene, "grant_create"), {**data, "path": "db/url"}).status_code == 302
    refused = client.post(url(scene, "grant_create"), {**data, "path": "db/url", "role": "admin"})
    assert refused.status_code == 422
    assert "You do not hold" in refused.content.decode()


def test_a_window_is_changed_after_a_look_and_left_alone_to_the_second(scene: Scene, client_for: ClientFor) -> None:
    ends = timezone.now() + timedelta(days=3, seconds=7)
    grant = scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), ends=ends)
    client, path = client_for(scene.cast.adam), url(scene, "grant", grant.uid)
    form = client.get(path).content.decode()
    shown = re.search(r'name="ends_at" value="([^"]+)"', form)
    assert shown
    assert client.post(path, {"ends_at": shown[1]}).status_code == 302
    grant.refresh_from_db()
    assert grant.ends_at == ends
    later = (ends + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert confirmed(client, path, {"ends_at": later}).status_code == 302
    grant.refresh_from_db()
    assert grant.ends_at is not None
    assert grant.ends_at > ends
    assert client.post(path, {"ends_at": "2020-01-01T00:00"}).status_code == 422


def test_several_grants_are_revoked_at_once_or_none(scene: Scene, client_for: ClientFor) -> None:
    mine = scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll))
    other = scene.give(scene.cast.vera, Role.VIEWER, scene.scope(scene.payroll))
    client, path = client_for(scene.cast.adam), url(scene, "grants_revoke")
    assert client.post(path, {}).status_code == 422
    assert client.post(path, {"grant": "nonsense"}).status_code == 422
    assert client.post(path, {"grant": [str(mine.uid), str(uuid4())]}).status_code == 404
    assert "Revoke 2 grants?" in client.post(path, {"grant": [str(mine.uid), str(other.uid)]}).content.decode()
    assert Grant.objects.filter(origin="given", revoked_at__isnull=True).count() == 2
    assert confirmed(client, path, {"grant": [str(mine.uid), str(other.uid)]}).status_code == 302
    assert not Grant.objects.filter(origin="given", revoked_at__isnull=True).exists()
    assert "revoked" in client.get(url(scene, "grants"), {"ended": "1"}).content.decode()
    assert "Revoked" in client.get(url(scene, "grant", mine.uid)).content.decode()


def test_whoever_manages_a_part_learns_nothing_of_a_grant_elsewhere_by_revoking_it(
    scene: Scene, client_for: ClientFor
) -> None:
    scene.give(scene.cast.bob, scene.role(GRANTS, LIST, name="Gatekeeper"), scene.scope(scene.payroll))
    elsewhere = scene.give(scene.cast.vera, Role.VIEWER, scene.scope(scene.website))
    answer = client_for(scene.cast.bob).post(url(scene, "grants_revoke"), {"grant": [str(elsewhere.uid)]})
    assert answer.status_code == 403
    assert "Vera" not in answer.content.decode()


def test_a_team_is_made_filled_moved_and_deleted(scene: Scene, client_for: ClientFor) -> None:
    client = client_for(scene.cast.adam)
    assert client.post(url(scene, "team_create"), {"name": "Operations"}).status_code == 302
    assert client.post(url(scene, "team_create"), {"name": "operations"}).status_code == 422
    team = Team.objects.get()
    scene.give(team, Role.MEMBER, scene.scope(scene.payroll))
    bob = scene.member(scene.cast.bob)
    path = url(scene, "team_members", team.uid)
    assert client.post(path, {}).status_code == 422
    assert confirmed(client, path, {"members": [str(bob.uid)]}).status_code == 302
    page = client.get(url(scene, "team", team.uid)).content.decode()
    assert "bob@example.com" in page
    assert "Payroll" in page
    above = scene.team("Engineering")
    data = {"name": "Operators", "description": "", "parent": str(above.uid)}
    assert confirmed(client, url(scene, "team_edit", team.uid), data).status_code == 302
    team.refresh_from_db()
    assert (team.name, team.parent_id) == ("Operators", above.uid)
    removal = url(scene, "team_member_remove", team.uid, bob.uid)
    assert confirmed(client, removal, {}).status_code == 302
    assert not TeamMembership.objects.exists()
    assert confirmed(client, url(scene, "team_delete", team.uid), {}).status_code == 409
    Grant.objects.get(team=team).delete()
    assert confirmed(client, url(scene, "team_delete", team.uid), {}).status_code == 302


def test_a_role_is_made_from_a_template_and_edited_after_a_look(scene: Scene, client_for: ClientFor) -> None:
    client, path = client_for(scene.cast.adam), url(scene, "role_create")
    form = client.get(path, {"template": "monitoring"}).content.decode()
    assert 'value="Monitoring"' in form
    assert re.search(r'value="secret:list"[^>]*checked', form)
    assert not re.search(r'value="secret:reveal"[^>]*checked', form)
    assert client.get(path, {"template": "nonsense"}).status_code == 200
    data = {"name": "Monitoring", "permissions": ["org:view", "secret:list"]}
    assert client.post(path, data).status_code == 302
    role = CustomRole.objects.get()
    scene.give(scene.cast.bob, role, scene.scope(scene.payroll))
    edit = url(scene, "role_edit", role.uid)
    more = {"name": "Monitoring", "permissions": ["org:view", "secret:list", "secret:reveal"]}
    assert confirmed(client, edit, more).status_code == 302
    assert client.post(url(scene, "role_delete", role.uid)).status_code == 409
    for wrong in ([], ["secret:see"], ["org:delete"]):
        assert client.post(path, {"name": "Other", "permissions": wrong}).status_code == 422
    assert "you do not have it" in client.get(path).content.decode()


def test_a_machine_is_made_disabled_and_enabled(scene: Scene, client_for: ClientFor) -> None:
    client = client_for(scene.cast.adam)
    assert client.post(url(scene, "machine_create"), {"name": "Deployer"}).status_code == 302
    machine = Machine.objects.get()
    scene.give(machine, Role.MEMBER, scene.scope(scene.payroll))
    assert confirmed(client, url(scene, "machine_disable", machine.uid), {}).status_code == 302
    machine.refresh_from_db()
    assert not machine.is_active
    assert "Deployer (disabled)" in client.get(url(scene, "grant_create")).content.decode()
    assert client.post(url(scene, "machine_enable", machine.uid)).status_code == 302
    assert "Deployer (disabled)" not in client.get(url(scene, "grant_create")).content.decode()
    edited = client.post(url(scene, "machine", machine.uid), {"name": "Runner", "description": "Ships"})
    assert edited.status_code == 302
    assert "Runner" in client.get(url(scene, "machines")).content.decode()


def test_a_project_is_restricted_and_opened_after_a_look(scene: Scene, client_for: ClientFor) -> None:
    client = client_for(scene.cast.adam)
    path = reverse("orgs:project_openness", args=[scene.website.uid])
    shown = client.post(path, {"openness": "restricted"}).content.decode()
    assert "Restrict Website?" in shown
    assert "Bob" in shown
    assert confirmed(client, path, {"openness": "restricted"}).status_code == 302
    assert opening_of(scene.website) is None
    assert confirmed(client, path, {"openness": "viewer"}).status_code == 302
    opening = opening_of(scene.website)
    assert opening is not None
    assert opening.role == "viewer"
    for wrong in ({}, {"openness": "admin"}, {"openness": "owner"}):
        assert client.post(path, wrong).status_code == 422
    created = {"kind": "passwords", "name": "Safe", "openness": "restricted"}
    assert client.post(url(scene, "project_create"), created).status_code == 302
    assert opening_of(Project.objects.get(name="Safe")) is None
    assert client.post(url(scene, "project_create"), {"kind": "passwords", "name": "No"}).status_code == 422


def test_every_member_sees_what_they_have(scene: Scene, client_for: ClientFor) -> None:
    scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.payroll), ends=timezone.now() + timedelta(days=3))
    page = client_for(scene.cast.bob).get(url(scene, "access")).content.decode()
    assert "The grant of Viewer on Payroll until" in page
    assert "Website is open to every member as Member" in page
    assert "Not yet" not in page
    assert url(scene, "grants") not in page
    assert url(scene, "machines") not in page
    assert url(scene, "grants") in client_for(scene.cast.adam).get(url(scene, "access")).content.decode()


def test_what_has_not_begun_is_said_to_be_so_and_leads_nowhere(scene: Scene, client_for: ClientFor) -> None:
    gatekeeper = scene.role(GRANTS, LIST, name="Gatekeeper")
    scene.give(scene.cast.bob, gatekeeper, starts=timezone.now() + timedelta(days=1))
    page = client_for(scene.cast.bob).get(url(scene, "access")).content.decode()
    assert "The grant of Gatekeeper on the whole organization" in page
    assert "Not yet" in page
    assert url(scene, "grants") not in page


def test_it_writes_names_as_text(scene: Scene, client_for: ClientFor) -> None:
    evil = '<b onclick="x">N</b>'
    team = create_team(actor=scene.cast.alice, organization=scene.acme, name=evil, description=evil)
    role = create_role(actor=scene.cast.alice, organization=scene.acme, name=evil, permissions=[LIST])
    machine = create_machine(actor=scene.cast.alice, organization=scene.acme, name=evil, description=evil)
    production = scene.environment(scene.payroll)
    grant = scene.give(team, role, scene.scope(scene.payroll, production, evil.replace("/", "")), reason=evil)
    client = client_for(scene.cast.alice)
    paths = [
        url(scene, "teams"), url(scene, "team", team.uid), url(scene, "team_edit", team.uid), url(scene, "roles"),
        url(scene, "role_edit", role.uid), url(scene, "role_delete", role.uid), url(scene, "machines"),
        url(scene, "machine", machine.uid), url(scene, "grants"), url(scene, "grant", grant.uid),
        url(scene, "grant_create"), url(scene, "team_members", team.uid),
    ]  # fmt: skip
    for path in paths:
        page = client.get(path).content.decode()
        assert "<b onclick" not in page, path
        assert "&lt;b onclick" in page, path
    shown = client.post(url(scene, "grants_revoke"), {"grant": str(grant.uid)}).content.decode()
    assert "<b onclick" not in shown


@pytest.mark.parametrize("name", ["access", "teams", "roles", "grants", "machines", "grant_create"])
def test_it_asks_as_often_for_many_as_for_few(scene: Scene, client_for: ClientFor, name: str) -> None:
    client, path = client_for(scene.cast.alice), url(scene, name)

    def fill(start: int, end: int) -> None:
        for index in range(start, end):
            team = scene.team(f"Team {index}", scene.cast.bob)
            role = scene.role(LIST, name=f"Role {index}")
            machine = create_machine(actor=scene.cast.alice, organization=scene.acme, name=f"Machine {index}")
            scene.give(team, role, scene.scope(scene.payroll, scene.environment(scene.payroll), f"p{index}"))
            scene.give(machine, role, scene.scope(scene.website))

    fill(0, 2)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        assert client.get(path).status_code == 200
    fill(2, 8)
    with CaptureQueriesContext(connection) as many:
        assert client.get(path).status_code == 200
    assert len(many) == len(few)
    assert len(few) < 40
