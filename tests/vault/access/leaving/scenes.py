"""A restricted project that bob alone was granted, beside an open one, which dora opens as well."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from orgs import services as orgs
from orgs.classification import Classification
from orgs.models import Environment, Grant, Membership, Project
from orgs.places import Scope
from orgs.roles import Role
from orgs.services.grants import Terms
from tests.cast import Cast, make_person
from tests.snapshot import Snapshot
from vault.access.models import AccessRequest, RequestedRole
from vault.access.services import ask_for_access
from vault.access.services.asking import Wish
from vault.secrets import services as secrets
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret


@dataclass
class Leaving:
    """`grant`: what lets bob into the hidden project."""

    cast: Cast
    hidden: Project
    production: Environment
    open_secret: Secret
    grant: Grant

    def member(self, person: User) -> Membership:
        return Membership.objects.select_related("user", "organization").get(organization=self.cast.acme, user=person)

    def add(self, name: str, classification: Classification | None = None) -> Secret:
        """A secret of the hidden project."""
        return secrets.create_secret(
            actor=self.cast.alice,
            environment=self.production,
            kind=Kind.VALUE,
            name=name,
            values={"value": f"of {name}"},
            classification=classification,
        )

    def ask(self) -> AccessRequest:
        """Bob wants to do a member's work in the hidden project, with what is critical as well."""
        wish = Wish(
            role=RequestedRole.MEMBER,
            minutes=60,
            reason="On call",
            environment=self.production.pk,
            highest=Classification.CRITICAL,
        )
        return ask_for_access(actor=self.cast.bob, organization=self.cast.acme, wish=wish)

    def grant_to(self, subject: object, *, path: str = "", role: Role = Role.MEMBER) -> Grant:
        return orgs.give_grant(
            actor=self.cast.alice,
            subject=subject,  # type: ignore[arg-type]  # a member, a team or a machine
            role=role,
            terms=Terms(
                Scope(self.cast.acme.uid, self.hidden.uid, self.production.uid, path),
                ends_at=timezone.now() + timedelta(days=90),
                highest=Classification.SENSITIVE,
            ),
        )


def _make_leaving(cast: Cast) -> Leaving:
    Membership.objects.create(organization=cast.acme, user=make_person("Dora"), role=Role.MEMBER)
    shop = orgs.create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Shop")
    hidden = orgs.create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Hidden")
    orgs.restrict_project(actor=cast.alice, project=hidden)
    made = Leaving(cast, hidden, hidden.environments.get(name_key="production"), None, None)  # type: ignore[arg-type]
    made.open_secret = secrets.create_secret(
        actor=cast.alice,
        environment=shop.environments.earliest("position"),
        kind=Kind.VALUE,
        name="OPEN",
        values={"value": "one"},
    )
    made.grant = made.grant_to(made.member(cast.bob))
    return made


make_leaving = Snapshot(_make_leaving)
