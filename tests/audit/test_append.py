"""What `append` writes, and in whose transaction."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from audit.actions import Action, ActorKind, Outcome, ResourceKind, Risk
from audit.actor import Actor
from audit.canonical import canonical_body, leaf_hash, mac_message
from audit.models import Event
from audit.resource import Resource
from audit.services import EventNotWritten, OutsideTransaction, append
from orgs.models import Organization
from tests.cast import Cast
from tests.harness.roles import as_table_owner
from vault import context
from vault.keys.peppers import keyed_hash_matches
from vault.keys.purposes import Purpose

pytestmark = pytest.mark.django_db

SECRET = Resource(ResourceKind.SECRET, "0b8fcf3c-3d6e-4a55-9f0e-0d1a2b3c4d5e", "DB_PASSWORD")


def write(**changed: Any) -> Event:
    given: dict[str, Any] = {"actor": Actor.system(), "action": Action.SECRET_REVEALED, **changed}
    with transaction.atomic():
        return append(**given)


@transaction.atomic
def rename(organization: Organization) -> None:
    """Some business and its event."""
    organization.name = "Changed"
    organization.save()
    append(actor=Actor.system(), action=Action.ORGANIZATION_RENAMED)


def test_it_writes_who_what_where_and_with_which_key(cast: Cast) -> None:
    token = context.enter(context.RequestContext("00112233445566ff", "203.0.113.9", "Firefox/146"))
    try:
        written = write(
            actor=cast.bob.audit_actor,
            organization_id=cast.acme.uid,
            resource=SECRET,
            key_id=bytes(range(16)),
            details={"fields": ["password"], "version": 3},
        )
    finally:
        context.leave(token)
    stored = Event.objects.get(pk=written.pk)
    assert (stored.actor_kind, stored.actor_id, stored.actor_label) == ("person", str(cast.bob.uid), "bob@example.com")
    assert (stored.action, stored.outcome, stored.risk) == ("secret.revealed", "success", "medium")
    assert (stored.resource_kind, stored.resource_id, stored.resource_label) == ("secret", SECRET.id, "DB_PASSWORD")
    assert (stored.ip, stored.user_agent, stored.correlation_id) == ("203.0.113.9", "Firefox/146", "00112233445566ff")
    assert stored.organization_id == cast.acme.uid
    assert bytes(stored.key_id or b"") == bytes(range(16))
    assert stored.details == {"fields": ["password"], "version": 3}


@pytest.mark.parametrize("ip", ["203.0.113.9", "2001:db8::9", "::", None])
@pytest.mark.parametrize("label", ["DB_PASSWORD", "ü “quoted” \\ back / slash", "👩‍💻", ""])
def test_it_stores_what_its_hash_and_mac_cover(ip: str | None, label: str) -> None:
    token = context.enter(context.RequestContext("00112233445566ff", ip, "Firefox ü/146"))
    try:
        details = {"names": [label, "b"], "count": 2**40, "hidden": None, "visible": True, "name": label, "because": ""}
        pk = write(
            organization_id=uuid4(),
            resource=Resource(ResourceKind.SECRET, "x", label),
            details=details,
            key_id=b"k" * 16,
        ).pk
    finally:
        context.leave(token)
    stored = Event.objects.get(pk=pk)
    body = canonical_body(stored.body)
    assert bytes(stored.leaf_hash) == leaf_hash(body)
    assert len(bytes(stored.mac)) == 48
    assert keyed_hash_matches(Purpose.AUDIT, mac_message(body), bytes(stored.mac))


@pytest.mark.django_db(transaction=True)
def test_it_takes_part_in_the_transaction_of_the_business(cast: Cast) -> None:
    class Undone(Exception):
        pass

    @transaction.atomic
    def rename_and_give_up() -> None:
        rename(cast.acme)
        raise Undone

    with pytest.raises(Undone):
        rename_and_give_up()
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Acme"
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_stand_alone() -> None:
    with pytest.raises(OutsideTransaction, match="record"):
        append(actor=Actor.system(), action=Action.SECRET_REVEALED)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_undoes_the_business_when_the_log_does_not_take_the_event(cast: Cast) -> None:
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    try:
        with pytest.raises(EventNotWritten):
            rename(cast.acme)
    finally:
        with as_table_owner(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_event_away RENAME TO audit_event")
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Acme"


def test_it_writes_nothing_without_the_audit_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from vault.keys import keyrings
    from vault.keys.models import WrappedKey

    WrappedKey.objects.filter(purpose="audit").delete()
    keyrings.forget()
    try:
        with pytest.raises(EventNotWritten):
            write()
    finally:
        keyrings.forget()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"action": "secret.leaked"}, {"action": ""}, {"outcome": "maybe"}, {"actor": Actor("robot", "x")}],  # type: ignore[arg-type]
)
def test_it_refuses_a_word_that_is_in_no_vocabulary(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        write(**wrong)
    with pytest.raises(ValueError, match="is not a valid"):
        write(resource=Resource("thing", "1"))  # type: ignore[arg-type]
    assert not Event.objects.exists()


def test_it_accepts_the_words_as_text() -> None:
    assert write(action="secret.copied", outcome="denied").outcome == Outcome.DENIED


def test_it_rates_what_was_denied_higher() -> None:
    assert write(action=Action.SIGN_OUT).risk == Risk.LOW
    assert write(action=Action.SIGN_OUT, outcome=Outcome.DENIED).risk == Risk.MEDIUM
    assert write(action=Action.MEMBERSHIP_ROLE_CHANGED).risk == Risk.HIGH


@pytest.mark.parametrize("id_", ["x" * 65, "line\nbreak", "ü", "nul\0"])
def test_it_refuses_ids_that_are_none(id_: str) -> None:
    with pytest.raises(ValueError, match="by uid"):
        write(resource=Resource(ResourceKind.SECRET, id_))


def test_it_knows_a_stored_event_by_its_kind_of_actor() -> None:
    assert write(actor=Actor.anonymous("mallory@example.com")).actor_kind == ActorKind.ANONYMOUS
    assert write(actor=Actor.system()).actor_label == "Holdfast"


def test_it_gives_events_of_one_request_one_correlation_id() -> None:
    token = context.enter(context.RequestContext(context.new_correlation_id()))
    try:
        assert write().correlation_id == write().correlation_id
    finally:
        context.leave(token)


def test_it_says_503_when_it_cannot_write() -> None:
    from vault.errors import ServiceUnavailable

    assert issubclass(EventNotWritten, ServiceUnavailable)
    assert not issubclass(EventNotWritten, DatabaseError)
