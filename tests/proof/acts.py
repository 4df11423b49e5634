"""What a process does with values and keys, one step each, so that steps can be put in any order and into any process.

Each step that stores values gives the envelopes that it made, also of those that were rolled back.
"""

from uuid import UUID

from django.core.signals import request_started
from django.db import connection, transaction

from accounts.models import TOTPDevice, User
from orgs.models import Environment
from vault.fields.census import rows_left
from vault.fields.rewrapping import Batch, Mode, advance
from vault.keys import keyrings, lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import create_secret, purge_secret, trash_secret, update_secret


class Rollback(Exception):
    """Ends a transaction that is to leave nothing behind."""


def begin_request() -> None:
    """What Django says when a request comes in."""
    request_started.send(sender=begin_request)


def restart() -> None:
    """Forget everything that was in memory, as a process does that ends and is started again."""
    connection.close()
    keyrings.forget()


# --- values -----------------------------------------------------------------------------------------------------------


def create(person: UUID, place: UUID, name: str, value: str) -> UUID:
    """A secret with its first version."""
    secret = create_secret(
        actor=User.objects.get(pk=person), environment=Environment.objects.get(pk=place), kind=Kind.VALUE, name=name,
        values={"value": value},
    )  # fmt: skip
    return secret.pk


def edit(person: UUID, uid: UUID, value: str) -> int:
    """The next version; its number."""
    secret = Secret.objects.get(pk=uid)
    edited = update_secret(
        actor=User.objects.get(pk=person), secret=secret, base_version=secret.version, name=secret.name,
        description="", tags=(), values={"value": value},
    )  # fmt: skip
    return edited.version


def edit_and_roll_back(person: UUID, uid: UUID, value: str, *, savepoint: bool) -> list[tuple[int, bytes]]:
    """The next version, made and taken back, by a savepoint or with the transaction: its number and its envelope."""
    made = []

    def write() -> None:
        number = edit(person, uid, value)
        row = SecretVersion.objects.get(secret_id=uid, number=number)
        made.append((number, bytes(row.payload_envelope)))
        raise Rollback

    try:
        with transaction.atomic():
            if savepoint:
                try:
                    with transaction.atomic():
                        write()
                except Rollback:
                    # The transaction goes on, and writes once more: under a key that is fenced again.
                    number = edit(person, uid, value)
                    row = SecretVersion.objects.get(secret_id=uid, number=number)
                    made.append((number, bytes(row.payload_envelope)))
                    transaction.set_rollback(True)
            else:
                write()
    except Rollback:
        pass
    return made


def remove(person: UUID, uid: UUID) -> None:
    """A secret with all its versions."""
    actor = User.objects.get(pk=person)
    secret = trash_secret(actor=actor, secret=Secret.objects.get(pk=uid))
    purge_secret(actor=actor, secret=secret, confirmation=secret.name)


def enrol(person: UUID, key: str) -> None:
    """The person's authenticator, or another key for it."""
    with transaction.atomic():
        device = TOTPDevice.objects.filter(user_id=person).first() or TOTPDevice(user_id=person, confirmed=True)
        device.key = key
        device.save()


def read_all(organization: UUID) -> tuple[dict[tuple[UUID, int], str], dict[UUID, str]]:
    """Every version's value by secret and number, and every authenticator's key by person."""
    versions = SecretVersion.objects.filter(organization_id=organization)
    return (
        {(version.secret_id, version.number): version.payload["value"] for version in versions},
        {device.user_id: device.key for device in TOTPDevice.objects.all()},
    )


# --- keys -------------------------------------------------------------------------------------------------------------


def add_pending(scope: str, purpose: Purpose) -> None:
    """A key that waits to be activated."""
    lifecycle.add_pending_key(scope=scope, purpose=purpose)


def activate(scope: str, purpose: Purpose) -> bool:
    """The pending key becomes the one that writes, if there is one."""
    pending = WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=KeyState.PENDING.value).first()
    if pending is not None:
        lifecycle.activate(pending)
    return pending is not None


def take_over(scope: str, purpose: Purpose, mode: Mode, limit: int) -> Batch:
    """A batch of values comes to the active key."""
    return advance(scope, purpose, mode=mode, limit=limit)


def give_up(scope: str, purpose: Purpose, *, destroying: bool) -> list[tuple[int, str]]:
    """Tries to retire every superseded key, or to destroy every retired one: rows under it, and what came of it."""
    wanted = KeyState.RETIRED if destroying else KeyState.DECRYPT_ONLY
    outcomes = []
    for key in WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=wanted.value):
        rows = rows_left(key)
        try:
            (lifecycle.destroy if destroying else lifecycle.retire)(key, rows_left=rows_left)
            outcomes.append((rows, "done"))
        except lifecycle.KeyStillNeeded as refused:
            outcomes.append((refused.rows, "refused"))
    return outcomes


def destroy_too_early(scope: str, purpose: Purpose) -> list[str]:
    """Tries to destroy every key that is not retired: the states of those where that worked."""
    worked = []
    unfit = (KeyState.DESTROYED.value, KeyState.RETIRED.value)
    for key in WrappedKey.objects.filter(scope=scope, purpose=purpose.value).exclude(state__in=unfit):
        try:
            lifecycle.destroy(key, rows_left=lambda _: 0)
            worked.append(key.state)
        except lifecycle.WrongKeyState:
            pass
    return worked
