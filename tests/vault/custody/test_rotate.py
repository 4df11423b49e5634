"""A new version of a key."""

from threading import Thread
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from audit.actions import Action
from audit.models import Event
from orgs.permissions import AccessDenied
from tests.cast import Cast
from vault.custody.services import rotate_key
from vault.custody.services.authority import OPERATOR
from vault.keys import lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, KeyState, Purpose

pytestmark = pytest.mark.django_db


def states(scope: str, purpose: Purpose) -> list[str]:
    keys = WrappedKey.objects.filter(scope=scope, purpose=purpose.value).order_by("version")
    return [key.state for key in keys]


def test_it_makes_a_key_that_writes_and_keeps_the_one_before_for_reading(cast: Cast) -> None:
    key = rotate_key(actor=cast.adam, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    assert (key.version, key.state) == (2, KeyState.ACTIVE)
    assert states(cast.acme.key_scope, Purpose.DATA) == ["decrypt_only", "active"]


def test_it_says_so_in_the_log_of_the_organization(cast: Cast) -> None:
    key = rotate_key(actor=cast.adam, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    created, rotated = Event.objects.filter(organization_id=cast.acme.uid).order_by("id")
    assert (created.action, rotated.action) == (Action.KEY_CREATED, Action.KEY_ROTATED)
    assert rotated.actor_label == "adam@example.com"
    assert bytes(rotated.key_id or b"") == bytes(key.key_id)
    assert rotated.details == {"purpose": "data", "from": 1, "to": 2}


def test_it_goes_on_where_it_was_killed(cast: Cast) -> None:
    """Between its phases: the key is there and pending."""
    pending = lifecycle.add_pending_key(scope=cast.acme.key_scope, purpose=Purpose.DATA)
    assert rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA).pk == pending.pk
    assert states(cast.acme.key_scope, Purpose.DATA) == ["decrypt_only", "active"]


@pytest.mark.django_db(transaction=True)
def test_its_phases_are_never_one_transaction(cast: Cast) -> None:
    """Every process must be able to read a key before anybody writes under it."""
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    with (
        patch.object(lifecycle, "activate", side_effect=seen_from_outside),
        pytest.raises(Seen, match=KeyState.PENDING),
    ):
        rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)


class Seen(Exception):
    """The state in which everybody else sees a key."""


def seen_from_outside(key: WrappedKey) -> None:
    raise Seen(in_another_connection(key))


def in_another_connection(key: WrappedKey) -> str | None:
    """The state of a key for whoever is not in this transaction."""
    found: list[str | None] = []

    def look() -> None:
        found.append(WrappedKey.objects.filter(pk=key.pk).values_list("state", flat=True).first())
        connection.close()

    thread = Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("purpose", SYSTEM_PURPOSES)
def test_it_rotates_every_key_of_the_instance(purpose: Purpose, cast: Cast) -> None:
    rotate_key(actor=cast.alice, scope=SYSTEM_SCOPE, purpose=purpose)
    assert states(SYSTEM_SCOPE, purpose) == ["decrypt_only", "active"]


def test_it_is_for_administrators_of_the_organization(cast: Cast) -> None:
    with pytest.raises(AccessDenied) as refused:
        rotate_key(actor=cast.bob, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    assert refused.value.visible
    with pytest.raises(AccessDenied) as refused:
        rotate_key(actor=cast.charlie, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    assert not refused.value.visible
    assert states(cast.acme.key_scope, Purpose.DATA) == ["active"]


def test_a_person_cannot_act_in_the_form_of_a_log_actor(cast: Cast) -> None:
    """Nobody would have decided about their right."""
    with pytest.raises(TypeError):
        rotate_key(actor=cast.bob.audit_actor, scope=cast.acme.key_scope, purpose=Purpose.DATA)


def test_an_organization_has_no_keys_of_the_instance(cast: Cast) -> None:
    with pytest.raises(ValueError, match="belongs to the instance"):
        rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.TOTP)
