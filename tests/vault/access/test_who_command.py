"""`manage.py access who` and `access explain`: answers for people and for programs, with honest exit codes."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from orgs.models import Environment, Grant, Machine, Membership, Project, Team, TeamMembership
from orgs.services import create_project
from tests.cast import Cast
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, reveal_secret


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("access", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def code_of(*arguments: str) -> tuple[int, str, Any]:
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("access", *arguments, stdout=out, stderr=StringIO())
    return refused.value.returncode, str(refused.value), json.loads(out.getvalue()) if out.getvalue() else None


@pytest.fixture
def environment(cast: Cast) -> Environment:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Web/Shop")
    Grant.objects.filter(project=project).delete()  # whatever a new project begins with
    return project.environments.order_by("position")[0]


@pytest.fixture
def secret(cast: Cast, environment: Environment) -> Secret:
    return create_secret(
        actor=cast.alice, environment=environment, kind=Kind.VALUE, name="db/url", values={"value": "x"}
    )


def give(cast: Cast, environment: Environment, **fields: Any) -> Grant:
    values = {"role": "member", "project": environment.project, "environment": environment, **fields}
    return Grant.objects.create(organization=cast.acme, **values)


def member(cast: Cast, user: Any) -> Membership:
    return Membership.objects.get(organization=cast.acme, user=user)


def test_it_lists_everybody_with_every_way_and_the_last_time(
    cast: Cast, environment: Environment, secret: Secret
) -> None:
    team = Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")
    TeamMembership.objects.create(organization=cast.acme, team=team, membership=member(cast, cast.bob))
    ends = timezone.now() + timedelta(hours=1)
    give(cast, environment, subject_kind="team", team=team, ends_at=ends)
    give(cast, environment, subject_kind="member", membership=member(cast, cast.bob), path="db")
    robot = Machine.objects.create(organization=cast.acme, name="ci", name_key="ci")
    give(cast, environment, subject_kind="machine", machine=robot)
    reveal_secret(actor=cast.bob, secret=secret.pk)
    found = json.loads(run("who", str(secret.pk), "--json"))
    names = [each["name"] for each in found["readers"]]
    assert names == ["Adam", "Alice", "Bob", "ci"]
    bob, ci = found["readers"][2:]
    assert [way["because"].partition(" on ")[0] for way in bob["ways"]] == ["the grant of Member"] * 2
    assert "through the team Ops" in bob["ways"][1]["because"]
    assert bob["ways"][1]["until"] == ends.isoformat()
    assert bob["until"] is None  # the other way has no end
    assert bob["last_at"] is not None
    assert ci["kind"] == "machine"
    assert ci["last_at"] is None
    assert found["count"] == 4
    text = run("who", str(secret.pk))
    assert "Bob <bob@example.com>" in text
    assert "4 reach Acme / Web/Shop / Development / db/url with secret:reveal." in text


def test_it_takes_names_with_slashes_and_uids(cast: Cast, environment: Environment, secret: Secret) -> None:
    for name in (f"acme/web/shop/{environment.name}/db/url", f"acme/Web/Shop/{environment.name.upper()}/db/url"):
        assert json.loads(run("who", name, "--json"))["place"]["uid"] == str(secret.pk)
    assert json.loads(run("who", "acme/Web/Shop", "--json"))["place"]["uid"] == str(environment.project_id)
    assert json.loads(run("who", str(environment.pk), "--json"))["place"]["kind"] == "environment"
    assert json.loads(run("who", "acme", "--json"))["place"]["kind"] == "organization"


def test_it_explains_why_and_what_is_missing(cast: Cast, environment: Environment, secret: Secret) -> None:
    found = json.loads(run("explain", "alice@example.com", str(secret.pk), "--json"))
    assert found["allowed"]
    assert found["because"] == "the role Owner"
    assert "Because" in run("explain", "alice@example.com", str(secret.pk))
    code, message, document = code_of("explain", "bob@example.com", str(secret.pk), "--json")
    assert code == 1
    assert not document["allowed"]
    assert document["because"] in message
    ended = timezone.now() - timedelta(seconds=1)
    give(
        cast, environment, subject_kind="member", membership=member(cast, cast.bob),
        starts_at=ended - timedelta(days=1), ends_at=ended,
    )  # fmt: skip
    assert "has ended" in code_of("explain", "bob@example.com", str(secret.pk))[1]
    assert "not a member" in code_of("explain", "charlie@example.com", str(secret.pk))[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("who", "nowhere/x"),
        ("who", "acme/nothing"),
        ("who", "acme", "--permission", "secret:see"),
        ("explain", "nobody@example.com", "acme"),
        ("who", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_it_ends_with_2_for_what_names_nothing(cast: Cast, arguments: tuple[str, ...]) -> None:
    assert code_of(*arguments)[0] == 2
