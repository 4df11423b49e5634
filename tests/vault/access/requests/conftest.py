"""A project of which every member sees the names, and its people."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from orgs.classification import Classification
from orgs.models import ClassPolicy, CustomRole, Environment, Grant, Membership, Project, Team, TeamMembership
from orgs.permissions import Permission, decide
from orgs.roles import Role
from orgs.services import accept_invitation, create_project, invite_member, remove_member
from tests.cast import Cast, make_person
from tests.sealing import change
from tests.snapshot import Snapshot
from vault.access.models import AccessRequest, RequestedRole
from vault.access.services import ask_for_access
from vault.access.services.asking import Wish
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret

HOUR = 60


@dataclass
class Scene:
    """Alice and olga own acme, adam administers it. Bob and vera see names in Website alone; carol does as well."""

    cast: Cast
    olga: User
    carol: User
    project: Project
    production: Environment
    staging: Environment
    secret: Secret

    def member(self, person: User) -> Membership:
        return Membership.objects.select_related("user", "organization").get(organization=self.cast.acme, user=person)

    def comes_back(self, person: User) -> None:
        """They are removed, and join again with the role that they had."""
        role = Role(self.member(person).role)
        remove_member(actor=self.cast.alice, membership=self.member(person))
        invited = invite_member(actor=self.cast.alice, organization=self.cast.acme, email=person.email, role=role)
        accept_invitation(actor=person, invitation=invited.invitation)

    def wish(self, **values: Any) -> Wish:
        """To read all of production for an hour."""
        asked: dict[str, Any] = {
            "role": RequestedRole.REVEAL,
            "minutes": HOUR,
            "reason": "The shop is down",
            "environment": self.production.uid,
            "highest": Classification.INTERNAL,
        }
        return Wish(**(asked | values))

    def ask(self, person: User | None = None, **values: Any) -> AccessRequest:
        return ask_for_access(actor=person or self.cast.bob, organization=self.cast.acme, wish=self.wish(**values))

    def role(self, name: str, *permissions: Permission) -> CustomRole:
        return CustomRole.objects.create(
            organization=self.cast.acme, name=name, name_key=name.lower(), permissions=sorted(permissions)
        )

    def team(self, name: str, *people: User, parent: Team | None = None) -> Team:
        team = Team.objects.create(organization=self.cast.acme, name=name, name_key=name.lower(), parent=parent)
        for person in people:
            TeamMembership.objects.create(organization=self.cast.acme, team=team, membership=self.member(person))
        return team

    def grant(self, person: User | Team, role: CustomRole, **values: Any) -> Grant:
        team = person if isinstance(person, Team) else None
        return Grant.objects.create(
            organization=self.cast.acme,
            subject_kind="team" if team else "member",
            membership=None if isinstance(person, Team) else self.member(person),
            team=team,
            custom_role=role,
            **({"project": self.project} | values),
        )

    def approver(self, person: User, **values: Any) -> Grant:
        """Somebody who may approve in the project, and cannot open anything himself."""
        role = CustomRole.objects.filter(organization=self.cast.acme, name="Approver").first()
        return self.grant(person, role or self.role("Approver", Permission.REQUEST_APPROVE), **values)

    def policy(self, classification: Classification, **values: Any) -> None:
        change(ClassPolicy.objects.filter(organization=self.cast.acme, classification=classification), **values)

    def may_reveal(self, person: User) -> bool:
        return decide(person, Permission.SECRET_REVEAL, self.secret).allowed


@pytest.fixture
def scene(cast: Cast) -> Scene:
    return make_scene(cast)


def _make_scene(cast: Cast) -> Scene:
    olga, carol = make_person("Olga"), make_person("Carol")
    Membership.objects.create(organization=cast.acme, user=olga, role=Role.OWNER)
    Membership.objects.create(organization=cast.acme, user=carol, role=Role.MEMBER)
    change(Membership.objects.filter(organization=cast.acme), joined_at=timezone.now() - timedelta(days=30))
    project = create_project(
        actor=cast.alice,
        organization=cast.acme,
        kind=Project.Kind.APPLICATION,
        name="Website",
        environments=("Staging", "Production"),
        open_as=Role.VIEWER,
    )
    staging, production = project.environments.order_by("position")
    secret = create_secret(
        actor=cast.alice, environment=production, kind=Kind.VALUE, name="db/url", values={"value": "canary-value"}
    )
    return Scene(cast, olga, carol, project, production, staging, secret)


make_scene = Snapshot(_make_scene)
