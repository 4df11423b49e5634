"""One call of every service, as somebody who may make it. A new service fails the invariants until it is here."""

from base64 import b32decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django_otp.oath import TOTP

import accounts.services as accounts
import orgs.services as orgs
import vault.access.services as access
import vault.custody.services as custody
import vault.secrets.services as secrets
from accounts.models import Instance, TOTPDevice, User
from accounts.sessions import SessionStore
from audit.actor import Actor
from orgs.classification import Classification
from orgs.demands import Demands
from orgs.models import Invitation, Membership, Project
from orgs.roles import Role
from tests.cast import PASSWORD, Cast, authenticator_of
from tests.invariants.authority_services import AUTHORITY_CASES
from tests.invariants.key_services import KEY_CASES, KEY_COMPOSED, KEY_SILENT
from tests.invariants.leaving_services import LEAVING_CASES, LEAVING_COMPOSED
from tests.invariants.request_services import REQUEST_CASES, REQUEST_COMPOSED
from tests.invariants.review_services import REVIEW_CASES, REVIEW_COMPOSED
from tests.sealing import change
from tests.snapshot import Snapshot
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret

ENV = "SHOP_URL=https://shop.example.com\nAPI_KEY=changed\n"
OPERATOR = Actor.system("operator")


@dataclass
class World:
    """The cast, and something of everything that a service can be asked to work on."""

    cast: Cast

    def __post_init__(self) -> None:
        alice = self.cast.alice
        self.project: Project = orgs.create_project(
            actor=alice, organization=self.cast.acme, kind=Project.Kind.APPLICATION, name="Shop"
        )
        self.empty = orgs.create_project(
            actor=alice, organization=self.cast.acme, kind=Project.Kind.APPLICATION, name="Empty"
        )
        self.environment = self.project.environments.earliest("position")
        self.secret: Secret = secrets.create_secret(
            actor=alice, environment=self.environment, kind=Kind.VALUE, name="API_KEY", values={"value": "one"}
        )
        self.file = secrets.create_secret(
            actor=alice,
            environment=self.environment,
            kind=Kind.FILE,
            name="logo",
            values={"filename": "a", "content": "YQ=="},
        )
        self.login = secrets.create_secret(
            actor=alice,
            environment=self.environment,
            kind=Kind.LOGIN,
            name="mail",
            values={"password": "p", "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
        )
        self.invitation = orgs.invite_member(
            actor=alice, organization=self.cast.acme, email="newcomer@example.com", role=Role.MEMBER
        ).invitation

    def member(self, person: User) -> Membership:
        return Membership.objects.get(organization=self.cast.acme, user=person)

    def updated(self) -> Secret:
        return secrets.update_secret(
            actor=self.cast.bob,
            secret=self.secret,
            base_version=1,
            name="API_KEY",
            description="",
            tags=(),
            values={"value": "two"},
        )

    def trashed(self) -> Secret:
        return secrets.trash_secret(actor=self.cast.bob, secret=self.secret)

    def second_environment(self) -> Any:
        return self.empty.environments.order_by("position").last()

    def unclaim(self) -> None:
        Invitation.objects.all().delete()
        Membership.objects.all().delete()
        change(Instance, claimed_at=None)

    def request(self, user: User | None, *, verified: bool = True) -> HttpRequest:
        request = HttpRequest()
        request.user = AnonymousUser()
        request.session = SessionStore()
        if user is not None:
            accounts.start_session(request=request, user=user, device=authenticator_of(user) if verified else None)
        request.session.save()
        return request

    def code(self, device: TOTPDevice) -> str:
        return f"{TOTP(b32decode(device.key)).token():06d}"

    def at_the_code(self, user: User) -> HttpRequest:
        authenticator_of(user)
        request = self.request(None)
        accounts.sign_in_with_password(request=request, email=user.email, password=PASSWORD)
        return request


Prepare = Callable[[World], Callable[[], object]]
"""Gets the world ready, and returns the call itself."""


make_world = Snapshot(World)
"""`make_world(cast)`: as `World(cast)`, and sooner."""


def _claim(world: World) -> Callable[[], object]:
    world.unclaim()
    token = orgs.create_setup_link().link.partition("#")[2]
    return lambda: orgs.claim_instance(
        token=token, email="first@example.com", name="First", password=PASSWORD, organization_name="First"
    )


def _bootstrap(world: World) -> Callable[[], object]:
    world.unclaim()
    return lambda: orgs.bootstrap_instance(
        email="first@example.com", name="First", password=PASSWORD, organization_name="First"
    )


def _setup_link(world: World) -> Callable[[], object]:
    world.unclaim()
    return orgs.create_setup_link


def _accept(world: World) -> Callable[[], object]:
    invitation = orgs.invite_member(
        actor=world.cast.alice, organization=world.cast.acme, email=world.cast.charlie.email, role=Role.VIEWER
    ).invitation
    return lambda: orgs.accept_invitation(actor=world.cast.charlie, invitation=invitation)


def _restore(world: World) -> Callable[[], object]:
    world.updated()
    return lambda: secrets.restore_version(actor=world.cast.bob, secret=world.secret, number=1)


def _untrash(world: World) -> Callable[[], object]:
    world.trashed()
    return lambda: secrets.untrash_secret(actor=world.cast.bob, secret=world.secret)


def _purge(world: World) -> Callable[[], object]:
    world.trashed()
    return lambda: secrets.purge_secret(actor=world.cast.adam, secret=world.secret, confirmation="API_KEY")


def _purge_expired(world: World) -> Callable[[], object]:
    world.trashed()
    change(Secret.objects.filter(pk=world.secret.pk), trashed_at=timezone.now() - timedelta(days=31))
    return secrets.purge_expired_trash


def _import(world: World) -> Callable[[], object]:
    preview = secrets.preview_env_import(actor=world.cast.bob, environment=world.environment, text=ENV)
    return lambda: secrets.import_env(actor=world.cast.bob, environment=world.environment, text=ENV, seal=preview.seal)


def _recovery(world: World) -> Callable[[], object]:
    bob = world.cast.bob
    codes = accounts.create_recovery_codes(actor=bob, code=world.code(authenticator_of(bob)))
    request = world.at_the_code(bob)
    return lambda: accounts.use_recovery_code(request=request, code=codes[0])


def _second_factor(world: World) -> Callable[[], object]:
    request = world.at_the_code(world.cast.bob)
    code = world.code(authenticator_of(world.cast.bob))
    return lambda: accounts.verify_second_factor(request=request, code=code)


def _confirm(world: World) -> Callable[[], object]:
    request = world.request(world.cast.bob, verified=False)
    device = accounts.begin_totp_enrolment(actor=world.cast.bob, request=request)
    return lambda: accounts.confirm_totp(actor=world.cast.bob, code=world.code(device), request=request)


def _remove_factor(world: World) -> Callable[[], object]:
    bob = world.cast.bob
    request = world.request(bob)
    change(Instance, second_factor_required=False)
    code = world.code(authenticator_of(bob))
    return lambda: accounts.remove_second_factor(actor=bob, password=PASSWORD, code=code, request=request)


def _new_codes(world: World) -> Callable[[], object]:
    code = world.code(authenticator_of(world.cast.bob))
    return lambda: accounts.create_recovery_codes(actor=world.cast.bob, code=code)


def _step_up(world: World) -> Callable[[], object]:
    code = world.code(authenticator_of(world.cast.bob))
    return lambda: accounts.step_up(actor=world.cast.bob, code=code)


def _prove_again(world: World) -> Callable[[], object]:
    request = world.request(world.cast.bob)
    code = world.code(authenticator_of(world.cast.bob))
    return lambda: accounts.prove_again(actor=world.cast.bob, request=request, code=code)


def _reset(world: World) -> Callable[[], object]:
    authenticator_of(world.cast.bob)
    return lambda: accounts.reset_second_factor(account=world.cast.bob, actor=OPERATOR)


def _password(world: World) -> Callable[[], object]:
    request = world.request(world.cast.bob)
    return lambda: accounts.change_password(
        actor=world.cast.bob, current=PASSWORD, new="eleven quiet lighthouses", request=request
    )


def _sign_in(world: World) -> Callable[[], object]:
    request = world.request(None)
    return lambda: accounts.sign_in_with_password(request=request, email=world.cast.bob.email, password=PASSWORD)


def _sign_out(world: World) -> Callable[[], object]:
    request = world.request(world.cast.bob)
    return lambda: accounts.sign_out(request=request)


def _session_end(world: World) -> Callable[[], object]:
    from accounts.services.sign_in import SessionEnd

    request = world.request(world.cast.bob)
    return lambda: accounts.end_session(request=request, why=SessionEnd.IDLE)


def _revoke_support(world: World) -> Callable[[], object]:
    return lambda: accounts.revoke_support(account=world.cast.sam, actor=OPERATOR)


CASES: dict[str, Prepare] = {
    "accounts.change_password": _password,
    "accounts.configure_instance": lambda w: (
        lambda: accounts.configure_instance(actor=w.cast.alice, second_factor_required=False, password=PASSWORD)
    ),
    "accounts.confirm_totp": _confirm,
    "accounts.create_account": lambda w: (
        lambda: accounts.create_account(email="dora@example.com", name="Dora", password=PASSWORD)
    ),
    "accounts.create_recovery_codes": _new_codes,
    "accounts.end_session": _session_end,
    "accounts.grant_support": lambda w: lambda: accounts.grant_support(account=w.cast.bob, actor=OPERATOR),
    "accounts.prove_again": _prove_again,
    "accounts.remove_second_factor": _remove_factor,
    "accounts.rename_account": lambda w: lambda: accounts.rename_account(actor=w.cast.bob, name="Robert"),
    "accounts.replace_password": lambda w: (
        lambda: accounts.replace_password(account=w.cast.bob, new="eleven quiet lighthouses", actor=OPERATOR)
    ),
    "accounts.reset_second_factor": _reset,
    "accounts.revoke_support": _revoke_support,
    "accounts.sign_in_with_password": _sign_in,
    "accounts.sign_out": _sign_out,
    "accounts.step_up": _step_up,
    "accounts.unlock_account": lambda w: (
        lambda: accounts.unlock_account(actor=w.cast.sam.audit_actor, account=w.cast.bob)
    ),
    "accounts.use_recovery_code": _recovery,
    "accounts.verify_second_factor": _second_factor,
    "orgs.accept_invitation": _accept,
    "orgs.bootstrap_instance": _bootstrap,
    "orgs.change_member_role": lambda w: (
        lambda: orgs.change_member_role(actor=w.cast.alice, membership=w.member(w.cast.vera), role=Role.MEMBER)
    ),
    "orgs.change_policy": lambda w: (
        lambda: orgs.change_policy(
            actor=w.cast.alice,
            organization=w.cast.acme,
            classification=Classification.INTERNAL,
            demands=Demands(approvals=1),
        )
    ),
    "orgs.claim_instance": _claim,
    "orgs.classify_environment": lambda w: (
        lambda: orgs.classify_environment(
            actor=w.cast.adam, environment=w.environment, classification=Classification.CRITICAL
        )
    ),
    "orgs.create_environment": lambda w: (
        lambda: orgs.create_environment(actor=w.cast.adam, project=w.project, name="preview")
    ),
    "orgs.clear_networks": lambda w: lambda: orgs.clear_networks(actor=OPERATOR, organization=w.cast.acme),
    "orgs.create_organization": lambda w: lambda: orgs.create_organization(actor=w.cast.bob, name="Bob's"),
    "orgs.create_project": lambda w: (
        lambda: orgs.create_project(
            actor=w.cast.adam, organization=w.cast.acme, kind=Project.Kind.PASSWORDS, name="Office"
        )
    ),
    "orgs.create_setup_link": _setup_link,
    "orgs.delete_environment": lambda w: (
        lambda: orgs.delete_environment(actor=w.cast.adam, environment=w.second_environment())
    ),
    "orgs.delete_project": lambda w: lambda: orgs.delete_project(actor=w.cast.adam, project=w.empty),
    "orgs.invite_member": lambda w: (
        lambda: orgs.invite_member(
            actor=w.cast.adam, organization=w.cast.acme, email="new@example.com", role=Role.MEMBER
        )
    ),
    "orgs.join_with_invitation": lambda w: (
        lambda: orgs.join_with_invitation(invitation=w.invitation, name="New", password=PASSWORD)
    ),
    "orgs.leave_organization": lambda w: lambda: orgs.leave_organization(actor=w.cast.bob, organization=w.cast.acme),
    "orgs.move_environment": lambda w: (
        lambda: orgs.move_environment(actor=w.cast.adam, environment=w.second_environment(), up=True)
    ),
    "orgs.remove_member": lambda w: lambda: orgs.remove_member(actor=w.cast.adam, membership=w.member(w.cast.bob)),
    "orgs.rename_environment": lambda w: (
        lambda: orgs.rename_environment(actor=w.cast.adam, environment=w.second_environment(), name="live")
    ),
    "orgs.rename_organization": lambda w: (
        lambda: orgs.rename_organization(actor=w.cast.adam, organization=w.cast.acme, name="Acme Ltd")
    ),
    "orgs.revoke_invitation": lambda w: lambda: orgs.revoke_invitation(actor=w.cast.adam, invitation=w.invitation),
    "orgs.update_project": lambda w: (
        lambda: orgs.update_project(actor=w.cast.adam, project=w.project, name="Store", description="")
    ),
    "secrets.create_secret": lambda w: (
        lambda: secrets.create_secret(
            actor=w.cast.bob, environment=w.environment, kind=Kind.VALUE, name="NEW", values={"value": "v"}
        )
    ),
    "secrets.download_file": lambda w: lambda: secrets.download_file(actor=w.cast.bob, secret=w.file.pk),
    "secrets.import_env": _import,
    "secrets.preview_env_import": lambda w: (
        lambda: secrets.preview_env_import(actor=w.cast.bob, environment=w.environment, text=ENV)
    ),
    "secrets.purge_expired_trash": _purge_expired,
    "secrets.purge_secret": _purge,
    "secrets.restore_version": _restore,
    "secrets.reveal_secret": lambda w: lambda: secrets.reveal_secret(actor=w.cast.bob, secret=w.secret.pk),
    "secrets.show_code": lambda w: lambda: secrets.show_code(actor=w.cast.bob, secret=w.login.pk),
    "secrets.trash_secret": lambda w: lambda: secrets.trash_secret(actor=w.cast.bob, secret=w.secret),
    "secrets.untrash_secret": _untrash,
    "secrets.update_secret": lambda w: w.updated,
    **AUTHORITY_CASES,
    **KEY_CASES,
    **REQUEST_CASES,
    **LEAVING_CASES,
    **REVIEW_CASES,
}

SILENT = {
    "accounts.begin_totp_enrolment": "nothing has changed before the new authenticator is confirmed",
    "accounts.check_new_password": "asks, changes nothing",
    "accounts.forget_proof": "a part of signing in, whose event says it",
    "accounts.remembered_proof": "asks, changes nothing",
    "accounts.start_session": "a part of signing in, setting up and joining, whose events say it",
    "orgs.open_invitation": "looks an invitation up; only a refusal is an event",
    **KEY_SILENT,
}
"""What the services packages export that writes no event on success, and why."""

COMPOSED = {
    "orgs.bootstrap_instance": ["account.created", "key.created", "instance.claimed"],
    "orgs.claim_instance": ["account.created", "key.created", "instance.claimed"],
    "orgs.create_organization": ["key.created", "organization.created"],
    "orgs.join_with_invitation": ["account.created", "invitation.accepted"],
    **KEY_COMPOSED,
    **REQUEST_COMPOSED,
    **LEAVING_COMPOSED,
    **REVIEW_COMPOSED,
}
"""Services that do what is an event of its own on the way, in the same transaction."""

PACKAGES = {"access": access, "accounts": accounts, "custody": custody, "orgs": orgs, "secrets": secrets}
