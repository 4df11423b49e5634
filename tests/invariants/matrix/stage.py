"""Where the matrix plays: two organizations with something of everything in each, made once for all of its tests.

Each case runs in a savepoint of its own and leaves nothing behind (`Stage.apart`), so that thousands of them need one
set-up. Nothing around them is committed either.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import orgs.services as orgs
from accounts.models import User
from orgs.classification import Classification
from orgs.models import CustomRole, Grant, Membership, Organization, Project
from orgs.permissions import Permission
from orgs.places import Scope
from orgs.role_templates import TEMPLATES
from orgs.roles import Role
from orgs.services.grants import Terms
from tests.cast import Cast, make_cast, make_person, signed_in_client
from tests.invariants import authority_services as authority
from tests.invariants.request_services import use
from tests.invariants.review_services import line_about, review
from tests.invariants.services import World
from tests.invariants.urls import MATRIX, Address, Administrative, addresses
from tests.sealing import change
from vault.access.models import AccessRequest, RequestedRole
from vault.access.services import name_for_break_glass
from vault.custody.kinds import OperationKind, OperationState, ReportKind
from vault.custody.models import KeyOperation, KeyReport, ShredRequest
from vault.keys import keyrings
from vault.seals import reporting, seen
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

ARGUMENTS = dict(addresses())
ABOUT_ROWS = sorted(name for name, entry in MATRIX.items() if isinstance(entry, Address))
ADMINISTRATIVE = sorted(name for name, entry in MATRIX.items() if isinstance(entry, Administrative))
IN_PROJECTS = ("project", "environment", "secret")
ENDED: dict[str, Callable[[], dict[str, Any]]] = {
    "expired": lambda: {
        "starts_at": timezone.now() - timedelta(days=2),
        "ends_at": timezone.now() - timedelta(seconds=1),
    },
    "early": lambda: {"starts_at": timezone.now() + timedelta(days=1)},
    "revoked": lambda: {"revoked_at": timezone.now()},
}
"""Viewers with a grant of everything that holds no longer, or not yet."""


@dataclass(frozen=True)
class Ids:
    """The arguments of every address, for one organization."""

    organization: UUID
    project: UUID
    environment: UUID
    secret: UUID
    membership: UUID
    invitation: UUID
    team: UUID
    role: UUID
    grant: UUID
    machine: UUID
    network: UUID
    operation: UUID
    report: UUID
    shredding: UUID
    access_request: UUID
    named: UUID
    use: UUID
    campaign: UUID
    line: UUID

    def arguments(self, name: str) -> dict[str, Any]:
        entry = MATRIX[name]
        assert isinstance(entry, Address | Administrative)
        return {argument: entry.extra.get(argument, getattr(self, argument, None)) for argument in ARGUMENTS[name]}

    def path(self, name: str) -> str:
        return reverse(name, kwargs=self.arguments(name))


def random_ids() -> Ids:
    """Of nothing at all."""
    return Ids(**{each.name: uuid4() for each in fields(Ids)})


def rows_named(name: str) -> list[str]:
    """The arguments of an address that name rows, the organization's own among them."""
    entry = MATRIX[name]
    assert isinstance(entry, Address)
    return [argument for argument in ARGUMENTS[name] if argument not in entry.extra]


def methods_of(name: str) -> dict[str, frozenset[Role]]:
    """The methods that an address takes, and the roles that may."""
    entry = MATRIX[name]
    assert isinstance(entry, Address)
    return {method: roles for method, roles in (("GET", entry.get), ("POST", entry.post)) if roles is not None}


def ids_of_the_instance() -> Ids:
    """Of its rows only those that addresses about the instance name."""
    report = KeyReport.objects.create(kind=ReportKind.ROOT_COMPROMISE, text="a note")
    return replace(random_ids(), operation=operation_of(None).uid, report=report.uid)


def request_of(membership: Membership) -> AccessRequest:
    """For the whole organization, by somebody who has left."""
    return AccessRequest.objects.create(
        organization_id=membership.organization_id,
        membership=membership,
        requested=RequestedRole.VIEWER,
        role_label="Viewer",
        permissions=["org:view", "secret:list"],
        scope_label="the whole organization",
        highest=Classification.INTERNAL,
        minutes=60,
        reason="Just so",
        expires_at=timezone.now() + timedelta(days=1),
    )


def operation_of(organization: Organization | None) -> KeyOperation:
    """A verification that has come to its end."""
    return KeyOperation.objects.create(
        kind=OperationKind.VERIFY,
        scope=organization.key_scope if organization else "",
        organization_id=organization.uid if organization else None,
        state=OperationState.DONE,
        finished_at=timezone.now(),
    )


@dataclass
class Stage:
    """Everybody, and the ids to ask about.

    In acme, alice is the owner, adam an admin, bob a member and vera a viewer, in its open project. `safe` is acme with
    what is in its restricted project. All others who belong to it are viewers, with a grant of what they are named for.
    """

    cast: Cast
    people: dict[str, User]
    acme: Ids
    safe: Ids
    initech: Ids
    missing: Ids
    probe: CustomRole
    """What the probe holds in all of acme."""

    def __post_init__(self) -> None:
        self._sessions = {
            who: signed_in_client(user).cookies[settings.SESSION_COOKIE_NAME].value for who, user in self.people.items()
        }

    def client(self, who: str) -> Client:
        """A browser of theirs; of nobody's for "stranger"."""
        client = Client()
        if who in self._sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._sessions[who]
        return client

    def ask(self, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> HttpResponse:
        """The answer, of a browser that remembers nothing."""
        client = self.client(who)
        return client.get(path) if method == "GET" else client.post(path, body or {})  # type: ignore[return-value]

    def holding(self, permissions: frozenset[Permission]) -> None:
        """Let the probe hold these, and nothing else."""
        change([self.probe], permissions=sorted(permissions))

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What happens inside has not happened afterwards: in the database, nor in what this process remembers."""
        with undone():
            yield


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is rolled back. To the program it is not there, as a test case's own is not: what asks for a
    transaction of its own, or for none around it, gets that."""
    forget()
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # Django's own mark, which the stubs do not know
    with block:
        yield
        transaction.set_rollback(True)
    forget()


def forget() -> None:
    """What the process remembers of rows that were rolled back."""
    seen.forget()
    reporting.forget()
    keyrings.forget()


def make_stage() -> Stage:
    """Builds everything; inside of a transaction that is rolled back in the end."""
    cast = make_cast()
    world, theirs = World(cast), World(_others(cast))
    rita = make_person("Rita")
    acme = ids_of(world, who_left(world, rita))
    initech = ids_of(theirs, who_left(theirs, make_person("Rolf")))
    missing = random_ids()
    people = {
        "owner": cast.alice,
        "admin": cast.adam,
        "member": cast.bob,
        "viewer": cast.vera,
        "outsider": cast.charlie,
        "support": cast.sam,
        "removed": rita,
        "invited": make_person("Newcomer"),  # whose invitation stands
        "both": make_person("Dora"),
        "suspended": make_person("Susan"),
        "probe": make_person("Paul"),
    }
    for organization, who in ((cast.acme, "both"), (cast.initech, "both"), (cast.acme, "suspended")):
        Membership.objects.create(organization=organization, user=people[who], role=Role.OWNER)
    probe = _granted(world, people["probe"], "Probe", frozenset({Permission.ORG_VIEW}))
    for each in TEMPLATES:
        people[each.key] = make_person(each.key)
        _granted(world, people[each.key], each.name, each.permissions)
    for who, window in ENDED.items():
        people[who] = make_person(who)
        change(Grant.objects.filter(custom_role=_granted(world, people[who], who, frozenset(Permission))), **window())
    stage = Stage(cast, people, acme, _safe(world, acme), initech, missing, probe)
    change([people["suspended"]], is_active=False)  # with a session from before
    return stage


def _others(cast: Cast) -> Cast:
    """The same roles in the other organization."""
    adam, bob, vera = make_person("Ina"), make_person("Igor"), make_person("Ivy")
    for user, role in ((adam, Role.ADMIN), (bob, Role.MEMBER), (vera, Role.VIEWER)):
        Membership.objects.create(organization=cast.initech, user=user, role=role)
    owners = {"alice": cast.charlie, "charlie": cast.alice}
    return replace(cast, **owners, adam=adam, bob=bob, vera=vera, acme=cast.initech, initech=cast.acme)


def who_left(world: World, person: User) -> Membership:
    """What is left of the membership of an owner who was removed."""
    membership = Membership.objects.create(organization=world.cast.acme, user=person, role=Role.OWNER)
    orgs.remove_member(actor=world.cast.alice, membership=membership)
    return membership


def ids_of(world: World, gone: Membership) -> Ids:
    """Something of everything. `gone`: the membership of somebody who has left."""
    cast, acme = world.cast, world.cast.acme
    machine = authority.machine(world)
    campaign = review(world)
    named = name_for_break_glass(
        actor=cast.alice, organization=acme, membership=world.member(cast.alice).pk, project=world.project.pk
    )
    shredding = ShredRequest.objects.create(
        organization=acme, requested_by=gone.user, expires_at=timezone.now() + timedelta(hours=1)
    )
    report = KeyReport.objects.create(kind=ReportKind.COMPROMISE, organization_id=acme.uid, text="a note")
    return Ids(
        organization=acme.uid,
        project=world.project.uid,
        environment=world.environment.uid,
        secret=world.secret.uid,
        membership=world.member(cast.vera).uid,
        invitation=world.invitation.uid,
        team=authority.team(world).uid,
        role=authority.role(world).uid,
        grant=authority.grant(world).uid,
        machine=machine.uid,
        network=authority.network(world, machine).uid,  # of a machine: it shuts nobody out
        operation=operation_of(acme).uid,
        report=report.uid,
        shredding=shredding.uid,
        access_request=request_of(gone).uid,
        named=named.uid,
        use=use(world, cast.alice).uid,
        campaign=campaign.uid,
        line=line_about(campaign, world.member(cast.bob)).uid,
    )


def _safe(world: World, acme: Ids) -> Ids:
    """A project that nothing opens to members, what is in it, and a grant of it."""
    alice, organization = world.cast.alice, world.cast.acme
    project = orgs.create_project(
        actor=alice, organization=organization, kind=Project.Kind.APPLICATION, name="Safe", open_as=None
    )
    environment = project.environments.earliest("position")
    secret = create_secret(actor=alice, environment=environment, kind=Kind.VALUE, name="API_KEY", values={"value": "s"})
    grant = orgs.give_grant(
        actor=alice,
        subject=world.member(world.cast.adam),
        role=Role.VIEWER,
        terms=Terms(Scope(organization.uid, project.uid)),
    )
    return replace(acme, project=project.uid, environment=environment.uid, secret=secret.uid, grant=grant.uid)


def _granted(world: World, person: User, name: str, permissions: frozenset[Permission]) -> CustomRole:
    """A viewer with a role of the organization's own everywhere in it, up to any class."""
    alice, acme = world.cast.alice, world.cast.acme
    listing = sorted(permissions | {Permission.SECRET_LIST})  # without which none can be made
    role = orgs.create_role(actor=alice, organization=acme, name=name, permissions=listing)
    change([role], permissions=sorted(permissions))
    subject = Membership.objects.create(organization=acme, user=person, role=Role.VIEWER)
    terms = Terms(Scope(acme.uid), ends_at=timezone.now() + timedelta(days=7), highest=Classification.CRITICAL)
    orgs.give_grant(actor=alice, subject=subject, role=role, terms=terms)
    return role
