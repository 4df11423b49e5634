"""The people of the tests, each with a meaning, and their signed-in browsers.

alice owns acme. adam is an admin there, bob a member, vera a viewer. charlie has nothing to do with acme: he owns
initech, and should never learn anything of acme's. sam is support staff and a member of nothing.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.codes import new_totp_key
from accounts.models import Instance, TOTPDevice, User
from accounts.services.sign_in import start_session
from accounts.sessions import SessionStore
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services.policies import create_policies
from tests.sealing import change
from tests.snapshot import Snapshot
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key

PASSWORD = "seven green bicycles"
"""Everybody's password."""


@dataclass(frozen=True)
class Cast:
    """Everybody, and the two organizations."""

    alice: User
    adam: User
    bob: User
    vera: User
    charlie: User
    sam: User
    acme: Organization
    initech: Organization

    @property
    def place(self) -> str:
        """The same in every test whose cast was put back (`tests.snapshot`)."""
        return str(self.acme.pk)


def make_person(name: str, **fields: bool) -> User:
    """Somebody with an account and `PASSWORD`."""
    email = f"{name.lower()}@example.com"
    return User.objects.create(email=email, email_key=email, name=name, password=make_password(PASSWORD), **fields)


def make_organization(name: str, members: dict[Role, User]) -> Organization:
    """An organization with its data key and one person per role."""
    organization = Organization.objects.create(name=name)
    create_tenant_key(scope=organization.key_scope, purpose=Purpose.DATA)
    for role, user in members.items():
        Membership.objects.create(organization=organization, user=user, role=role)
    create_policies(organization)
    return organization


def _make_cast() -> Cast:
    change(Instance, claimed_at=timezone.now())
    alice, adam = make_person("Alice", is_instance_admin=True), make_person("Adam")
    bob, vera, charlie = make_person("Bob"), make_person("Vera"), make_person("Charlie")
    return Cast(
        alice=alice,
        adam=adam,
        bob=bob,
        vera=vera,
        charlie=charlie,
        sam=make_person("Sam", is_support=True),
        acme=make_organization("Acme", {Role.OWNER: alice, Role.ADMIN: adam, Role.MEMBER: bob, Role.VIEWER: vera}),
        initech=make_organization("Initech", {Role.OWNER: charlie}),
    )


make_cast = Snapshot(_make_cast)
"""`make_cast()`: a claimed instance with everybody in it."""


def authenticator_of(user: User) -> TOTPDevice:
    """The person's confirmed authenticator, made at first use."""
    found = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    if found is not None:
        return found
    device = TOTPDevice(user=user, name="Authenticator app", confirmed=True)
    device.key = new_totp_key()
    with transaction.atomic():
        device.save()
        user.has_authenticator = True
        user.save(update_fields=["has_authenticator"])
    return device


def signed_in_client(user: User, *, verified: bool = True, **options: object) -> Client:
    """A browser in which the person is signed in, with the second factor used unless `verified` is false.

    Goes through the same `start_session` as the sign-in page does. `options` are those of Django's `Client`.
    """
    request = HttpRequest()
    request.user = AnonymousUser()
    request.session = SessionStore()
    start_session(request=request, user=user, device=authenticator_of(user) if verified else None)
    request.session.save()
    client = Client(**options)  # type: ignore[arg-type]  # passed through as they came
    client.cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    return client
