"""Random worlds of authority: who belongs, in which teams, with which roles and grants, over which places."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from accounts.models import User
from orgs.classification import Classification
from orgs.models import (
    ClassPolicy,
    CustomRole,
    Environment,
    Grant,
    Machine,
    Membership,
    Organization,
    Project,
    Team,
    TeamMembership,
)
from orgs.permissions import Permission
from orgs.roles import Role
from tests.cast import make_person
from tests.sealing import change
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret

PEOPLE = ("Ann", "Ben", "Cat", "Dan")
NAMES = ("db", "db/url", "db/primary/url", "dbx", "API_KEY")
PATHS = ("", "db", "db/primary", "d")
OFFSETS = (-10, -1, 0, 1, 10)
"""Seconds beside the moment that is asked about, at which windows begin and end."""


@dataclass
class World:
    """What every example has: an organization with people, a machine, places and secrets of all classes."""

    organization: Organization
    people: list[User]
    machine: Machine
    environments: list[Environment]
    secrets: list[Secret]
    teams: list[Team] = field(default_factory=list)


def make_world(organization: Organization) -> World:
    people = [make_person(name) for name in PEOPLE]
    machine = Machine.objects.create(organization=organization, name="deploy", name_key="deploy")
    environments, secrets = [], []
    classes = (None, *Classification)
    for number in range(2):
        project = Project.objects.create(
            organization=organization, kind=Project.Kind.APPLICATION, name=f"P{number}", name_key=f"p{number}"
        )
        for place, classification in enumerate((Classification.INTERNAL, Classification.CRITICAL)):
            environment = Environment.objects.create(
                organization=organization, project=project, name=f"E{place}", name_key=f"e{place}",
                position=place, classification=classification,
            )  # fmt: skip
            environments.append(environment)
            for index, name in enumerate(NAMES):
                secrets.append(
                    Secret.objects.create(
                        organization=organization, project=project, environment=environment, kind=Kind.VALUE,
                        name=name, name_key=name.lower(), search_text=name.lower(), version=1,
                        classification=classes[(index + place) % len(classes)],
                    )
                )  # fmt: skip
    return World(organization, people, machine, environments, secrets)


@st.composite
def authorities(draw: st.DrawFn) -> dict[str, Any]:
    """Plain values; `fill` makes rows of them."""
    offsets = st.one_of(st.none(), st.sampled_from(OFFSETS))
    grant = st.fixed_dictionaries(
        {
            "subject": st.sampled_from(["member", "member", "team", "team", "machine", "everyone"]),
            "who": st.integers(0, 3),
            "role": st.sampled_from([*Role, "custom", "custom"]),
            "where": st.integers(0, 6),
            "path": st.sampled_from(PATHS),
            "highest": st.sampled_from(list(Classification)),
            "starts": st.sampled_from(OFFSETS),
            "ends": offsets,
            "approvals": st.integers(0, 2),
            "revoked": st.sampled_from([False, False, False, True]),
        }
    )
    return {
        "roles": draw(st.lists(st.sampled_from(list(Role)), min_size=4, max_size=4)),
        "status": draw(st.lists(st.sampled_from(["active", "active", "active", "removed"]), min_size=4, max_size=4)),
        "active": draw(st.lists(st.sampled_from([True, True, True, False]), min_size=4, max_size=4)),
        "custom": draw(st.lists(st.sampled_from(list(Permission)), unique=True)),
        "nested": draw(st.booleans()),
        "teams": draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), unique=True, max_size=6)),
        "grants": draw(st.lists(grant, min_size=1, max_size=7)),
        "approvals": draw(st.lists(st.integers(0, 2), min_size=3, max_size=3)),
        "without_policy": draw(st.sampled_from([None, None, None, *Classification])),
        "disabled": draw(st.sampled_from([False, False, True])),
    }


def fill(world: World, drawn: dict[str, Any], now: datetime) -> None:
    """The rows of one example."""
    organization = world.organization
    memberships = []
    for number, person in enumerate(world.people):
        if not drawn["active"][number]:
            change([person], is_active=False)
        memberships.append(
            Membership.objects.create(
                organization=organization, user=person, role=drawn["roles"][number], status=drawn["status"][number]
            )
        )
    if drawn["disabled"]:
        change([world.machine], disabled_at=now)
    custom = CustomRole.objects.create(
        organization=organization, name="Custom", name_key="custom", permissions=sorted(drawn["custom"])
    )
    above = Team.objects.create(organization=organization, name="Above", name_key="above")
    below = Team.objects.create(
        organization=organization, name="Below", name_key="below", parent=above if drawn["nested"] else None
    )
    beside = Team.objects.create(organization=organization, name="Beside", name_key="beside")
    world.teams = [above, below, beside]
    for who, which in drawn["teams"]:
        TeamMembership.objects.create(organization=organization, team=world.teams[which], membership=memberships[who])
    for classification, approvals in zip(Classification, drawn["approvals"], strict=True):
        change(
            ClassPolicy.objects.filter(organization=organization, classification=classification), approvals=approvals
        )
    if drawn["without_policy"]:
        ClassPolicy.objects.filter(organization=organization, classification=drawn["without_policy"]).delete()
    opened: set[Any] = set()
    for each in drawn["grants"]:
        _make_grant(world, each, memberships, custom, now, opened)


def _make_grant(
    world: World,
    each: dict[str, Any],
    memberships: list[Membership],
    custom: CustomRole,
    now: datetime,
    opened: set[Any],
) -> None:
    scope = _scope(world, each["where"], each["path"])
    if each["subject"] == "everyone":
        scope = {"project": scope.get("project") or world.environments[0].project}
        if not each["revoked"]:
            if scope["project"].uid in opened:
                return
            opened.add(scope["project"].uid)
    subject: dict[str, Callable[[], dict[str, Any]]] = {
        "member": lambda: {"membership": memberships[each["who"]]},
        "team": lambda: {"team": world.teams[each["who"] % 3]},
        "machine": lambda: {"machine": world.machine},
        "everyone": dict,
    }
    starts = now + timedelta(seconds=each["starts"])
    ends = None if each["ends"] is None else now + timedelta(seconds=each["ends"])
    if ends is not None and ends <= starts:
        ends = None
    Grant.objects.create(
        organization=world.organization,
        subject_kind=each["subject"],
        **subject[each["subject"]](),
        role="" if each["role"] == "custom" else each["role"],
        custom_role=custom if each["role"] == "custom" else None,
        **scope,
        highest=each["highest"],
        starts_at=starts,
        ends_at=ends,
        approvals=each["approvals"],
        revoked_at=now if each["revoked"] else None,
    )


def _scope(world: World, where: int, path: str) -> dict[str, Any]:
    """The organization, one of the projects, or one of the environments or a path in it."""
    if where == 0:
        return {}
    if where < 3:
        return {"project": world.environments[2 * (where - 1)].project}
    environment = world.environments[where - 3]
    return {"project": environment.project, "environment": environment, "path": path}
