"""People and places for tests about authority, and shorter ways to give some of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from orgs.classification import Classification
from orgs.models import CustomRole, Environment, Grant, Machine, Membership, Organization, Project, Team
from orgs.permissions import Permission
from orgs.places import Scope
from orgs.roles import Role
from orgs.services import add_team_members, create_project, create_role, create_team, give_grant
from orgs.services.grants import Terms
from tests.cast import Cast
from tests.snapshot import Snapshot


@dataclass
class Scene:
    """Acme with two applications, Website (open) and Payroll (restricted). Alice owns it, adam is an admin."""

    cast: Cast
    website: Project
    payroll: Project

    @property
    def acme(self) -> Organization:
        return self.cast.acme

    def member(self, person: User) -> Membership:
        return Membership.objects.select_related("user").get(organization=self.acme, user=person)

    def environment(self, project: Project, name: str = "Production") -> Environment:
        return project.environments.get(name=name)

    def scope(self, project: Project | None = None, environment: Environment | None = None, path: str = "") -> Scope:
        return Scope(self.acme.uid, project.uid if project else None, environment.uid if environment else None, path)

    def role(self, *permissions: Permission, name: str = "Special", by: User | None = None) -> CustomRole:
        actor = by or self.cast.alice
        return create_role(actor=actor, organization=self.acme, name=name, permissions=permissions)

    def team(self, name: str, *people: User, parent: Team | None = None) -> Team:
        team = create_team(actor=self.cast.alice, organization=self.acme, name=name, parent=parent)
        if people:
            add_team_members(actor=self.cast.alice, team=team, members=[self.member(each) for each in people])
        return team

    def give(
        self,
        subject: User | Team | Machine,
        role: Role | CustomRole,
        scope: Scope | None = None,
        *,
        by: User | None = None,
        starts: datetime | None = None,
        ends: datetime | None = None,
        highest: Classification = Classification.INTERNAL,
        reason: str = "",
    ) -> Grant:
        return give_grant(
            actor=by or self.cast.alice,
            subject=self.member(subject) if isinstance(subject, User) else subject,
            role=role,
            terms=Terms(scope or self.scope(), starts, ends, highest, reason),
        )


def _make_scene(cast: Cast) -> Scene:
    kinds: dict[str, Any] = {"actor": cast.alice, "organization": cast.acme, "kind": Project.Kind.APPLICATION}
    return Scene(
        cast,
        website=create_project(name="Website", **kinds),
        payroll=create_project(name="Payroll", open_as=None, **kinds),
    )


make_scene = Snapshot(_make_scene)


def names(permissions: Iterable[Permission]) -> list[str]:
    return sorted(map(str, permissions))
