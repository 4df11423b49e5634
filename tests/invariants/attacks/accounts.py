"""Gaining access by writing accounts, second factors and the settings of the instance."""

from collections.abc import Iterator

from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Instance, RecoveryCode, TOTPDevice, User
from accounts.selectors import instance, pending_authenticator_of
from accounts.services.sign_in import PENDING
from orgs.errors import SetupRefused
from orgs.models import Membership
from orgs.roles import Role
from orgs.services import claim_instance, create_setup_link
from tests.accounts.doors import code_of, enter_code, enter_recovery_code, recovery_codes_of, sign_in
from tests.cast import PASSWORD, Cast, authenticator_of, signed_in_client
from tests.invariants import attacker as sql
from tests.invariants.attacks.stage import CODE, DEVICE, SEAL, SOON, USER, attack, seal_of
from tests.sealing import change


def gets_in(email: str, password: str = PASSWORD) -> bool:
    """Whether an address and a password are taken: one is signed in, or asked for a code."""
    client = Client()
    sign_in(client, email, password)
    return PENDING in client.session or SESSION_KEY in client.session


def signed_in(client: Client) -> bool:
    """Whether a browser reaches a page behind the gate."""
    return client.get(reverse("accounts:profile")).status_code == 200


@attack("put the hash of one's own password into another account")
def swap_password(cast: Cast) -> Iterator[bool]:
    charlie = User.objects.get(pk=cast.charlie.pk)
    charlie.set_password("nine purple tricycles")
    charlie.save(update_fields=["password"])
    sql.update(USER, {"uid": cast.alice.uid}, password=charlie.password)
    yield gets_in(cast.alice.email, "nine purple tricycles")


@attack("bring back an account with the password from before, and its seal", refused=False)
def old_password(cast: Cast) -> Iterator[bool]:
    old, seal = sql.one(USER, uid=cast.bob.uid), seal_of(cast.bob)
    bob = User.objects.get(pk=cast.bob.pk)
    bob.set_password("nine purple tricycles")
    bob.save(update_fields=["password"])
    sql.put_back(USER, old, "uid")
    sql.put_back(SEAL, seal, "id")
    yield gets_in(cast.bob.email)


@attack("activate a deactivated account")
def activate_account(cast: Cast) -> Iterator[bool]:
    change([cast.bob], is_active=False)
    sql.update(USER, {"uid": cast.bob.uid}, is_active=True)
    yield gets_in(cast.bob.email)


@attack("insert an account")
def insert_account(cast: Cast) -> Iterator[bool]:
    row = sql.one(USER, uid=cast.alice.uid)
    sql.insert(USER, row, uid=sql.new_uid(), email="eve@example.com", email_key="eve@example.com")
    yield gets_in("eve@example.com")


@attack("make oneself an administrator of the instance")
def become_administrator(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.bob)
    sql.update(USER, {"uid": cast.bob.uid}, is_instance_admin=True)
    yield signed_in(client) or gets_in(cast.bob.email)


@attack("make oneself support staff")
def become_support(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.bob)
    sql.update(USER, {"uid": cast.bob.uid}, is_support=True)
    yield client.get("/admin/accounts/user/").status_code == 200 or signed_in(client)


@attack("take over the address of somebody who is invited")
def take_an_address(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.sam)
    sql.update(USER, {"uid": cast.sam.uid}, email="new@example.com", email_key="new@example.com")
    yield signed_in(client) or gets_in("new@example.com")


@attack("start the counters of wrong passwords anew")
def reset_counters(cast: Cast) -> Iterator[bool]:
    sql.update(USER, {"uid": cast.alice.uid}, limiter_epoch=5)
    yield gets_in(cast.alice.email)


def past_the_code(client: Client) -> bool:
    return SESSION_KEY in client.session


@attack("delete somebody's authenticator")
def delete_authenticator(cast: Cast) -> Iterator[bool]:
    device = authenticator_of(cast.alice)
    sql.delete(DEVICE, id=device.pk)
    client = Client()
    sign_in(client, cast.alice.email)
    yield past_the_code(client)


@attack("delete somebody's authenticator with its seal, and say there is none")
def forget_authenticator(cast: Cast) -> Iterator[bool]:
    device = authenticator_of(cast.alice)
    sql.delete(SEAL, kind="accounts.totpdevice", row=str(device.pk))
    sql.delete(DEVICE, id=device.pk)
    sql.update(USER, {"uid": cast.alice.uid}, has_authenticator=False)
    client = Client()
    sign_in(client, cast.alice.email)
    yield past_the_code(client)


@attack("give one's own authenticator to somebody else")
def move_authenticator(cast: Cast) -> Iterator[bool]:
    mine, theirs = authenticator_of(cast.charlie), authenticator_of(cast.alice)
    code = code_of(mine)
    sql.delete(DEVICE, id=theirs.pk)
    sql.update(DEVICE, {"id": mine.pk}, user_id=cast.alice.uid)
    client = Client()
    sign_in(client, cast.alice.email)
    enter_code(client, code)
    yield past_the_code(client)


@attack("insert an authenticator, copied from one's own")
def insert_authenticator(cast: Cast) -> Iterator[bool]:
    mine, theirs = authenticator_of(cast.charlie), authenticator_of(cast.alice)
    code = code_of(mine)
    sql.delete(DEVICE, id=theirs.pk)
    row = sql.one(DEVICE, id=mine.pk)
    sql.delete(DEVICE, id=mine.pk)  # so that its uid, under which the key opens, is free
    sql.insert(DEVICE, row, id=theirs.pk, user_id=cast.alice.uid)
    client = Client()
    sign_in(client, cast.alice.email)
    enter_code(client, code)
    yield past_the_code(client)


@attack("confirm an enrolment that waits for its code")
def confirm_enrolment(cast: Cast) -> Iterator[bool]:
    authenticator_of(cast.alice)
    waiting = TOTPDevice(user=cast.alice, name="Authenticator app", confirmed=False)
    waiting.key = authenticator_of(cast.alice).key
    waiting.save()
    code = code_of(waiting)
    sql.delete(DEVICE, id=authenticator_of(cast.alice).pk)
    sql.update(DEVICE, {"id": waiting.pk}, confirmed=True)
    client = Client()
    sign_in(client, cast.alice.email)
    enter_code(client, code)
    yield past_the_code(client)


@attack("prolong an enrolment that was left")
def prolong_enrolment(cast: Cast) -> Iterator[bool]:
    waiting = TOTPDevice(user=cast.bob, name="Authenticator app", confirmed=False)
    waiting.key = authenticator_of(cast.alice).key
    waiting.save()
    change([waiting], created_at=timezone.now() - SOON)
    sql.update(DEVICE, {"id": waiting.pk}, created_at=timezone.now())
    yield pending_authenticator_of(cast.bob) is not None


@attack("have a code accepted twice")
def replay_code(cast: Cast) -> Iterator[bool]:
    device = authenticator_of(cast.alice)
    code = code_of(device)
    client = Client()
    sign_in(client, cast.alice.email)
    enter_code(client, code)
    assert past_the_code(client)
    sql.update(DEVICE, {"id": device.pk}, last_step=-1)
    again = Client()
    sign_in(again, cast.alice.email)
    enter_code(again, code)
    yield past_the_code(again)


@attack("have a recovery code accepted twice")
def replay_recovery_code(cast: Cast) -> Iterator[bool]:
    code = recovery_codes_of(cast.alice)[0]
    client = Client()
    sign_in(client, cast.alice.email)
    enter_recovery_code(client, code)
    assert past_the_code(client)
    used = RecoveryCode.objects.get(used_at__isnull=False)
    sql.update(CODE, {"id": used.pk}, used_at=None)
    again = Client()
    sign_in(again, cast.alice.email)
    enter_recovery_code(again, code)
    yield past_the_code(again)


@attack("give one's own recovery codes to somebody else")
def move_recovery_codes(cast: Cast) -> Iterator[bool]:
    code = recovery_codes_of(cast.charlie)[0]
    authenticator_of(cast.alice)
    sql.update("accounts_recoverydevice", {"user_id": cast.charlie.uid}, user_id=cast.alice.uid)
    client = Client()
    sign_in(client, cast.alice.email)
    enter_recovery_code(client, code)
    yield past_the_code(client)


@attack("turn off that the instance asks for a second factor")
def second_factor_not_required(cast: Cast) -> Iterator[bool]:
    sql.update("accounts_instance", {"id": 1}, second_factor_required=False)
    yield not instance().second_factor_required


@attack("bring back an old set-up link")
def old_setup_link(cast: Cast) -> Iterator[bool]:
    change(Instance, claimed_at=None)
    for membership in Membership.objects.filter(role=Role.OWNER):
        change([membership], role=Role.ADMIN)
    link = create_setup_link().link
    old = sql.one("accounts_instance", id=1)
    create_setup_link()
    sql.put_back("accounts_instance", old, "id")
    try:
        claim_instance(
            token=link.rpartition("#")[2],
            email="eve@example.com",
            name="Eve",
            password=PASSWORD,
            organization_name="Evil",
        )
    except SetupRefused:
        yield False
    else:
        yield True
