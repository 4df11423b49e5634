"""Nobody changes, removes, replaces or truncates an event: not through the ORM, not around it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit import triggers
from audit.actions import Action
from audit.actor import Actor
from audit.checks import check_triggers
from audit.models import AppendOnly, Event
from audit.services import append
from tests.harness.roles import as_table_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    with transaction.atomic():
        return append(actor=Actor.system(), action=Action.SECRET_REVEALED)


def rename(event: Event) -> None:
    event.actor_label = "Mallory"
    event.save()


THROUGH_THE_ORM: dict[str, Callable[[Event], object]] = {
    "save": rename,
    "save some fields": lambda event: event.save(update_fields=["actor_label"]),
    "forced update": lambda event: Event(pk=event.pk, uid=event.uid).save(force_update=True),
    "delete": lambda event: event.delete(),
    "delete all": lambda event: Event.objects.all().delete(),
    "delete raw": lambda event: Event.objects.all()._raw_delete("default"),
    "update": lambda event: Event.objects.update(actor_label="Mallory"),
    "update in the base manager": lambda event: Event._base_manager.update(actor_label="Mallory"),
    "update in the default manager": lambda event: Event._default_manager.filter(pk=event.pk).update(risk="low"),
    "bulk update": lambda event: Event.objects.bulk_update([event], ["actor_label"]),
    "ignore conflicts": lambda event: Event.objects.bulk_create([event], ignore_conflicts=True),
    "update conflicts": lambda event: Event.objects.bulk_create(
        [event], update_conflicts=True, update_fields=["risk"], unique_fields=["uid"]
    ),
    "update or create": lambda event: Event.objects.update_or_create(uid=event.uid, defaults={"risk": "low"}),
}


@pytest.mark.parametrize("attempt", THROUGH_THE_ORM.values(), ids=THROUGH_THE_ORM.keys())
def test_it_is_refused_by_the_model(event: Event, attempt: Callable[[Event], object]) -> None:
    before = Event.objects.values().get()
    with pytest.raises(AppendOnly, match="append-only"):
        attempt(event)
    assert Event.objects.values().get() == before


COLUMNS = ", ".join(str(field.column) for field in Event._meta.concrete_fields)
COPY = f"SELECT {COLUMNS} FROM audit_event"  # noqa: S608 - names of columns
EVERYWHERE = [
    "UPDATE audit_event SET actor_label = 'Mallory'",
    "UPDATE audit_event SET id = id + 1",
    "DELETE FROM audit_event",
]
STATEMENTS = {
    "sqlite": [
        *EVERYWHERE,
        f"INSERT OR REPLACE INTO audit_event ({COLUMNS}) {COPY}",
        f"REPLACE INTO audit_event ({COLUMNS}) {COPY}",
        # Another id with the same uid, which OR REPLACE would make room for.
        f"INSERT OR REPLACE INTO audit_event ({COLUMNS}) {COPY.replace('SELECT id', 'SELECT id + 100')}",
        f"INSERT INTO audit_event ({COLUMNS}) {COPY} WHERE true ON CONFLICT(uid) DO UPDATE SET risk = 'low'",
        "UPDATE OR REPLACE audit_event SET risk = 'low'",
    ],
    "postgresql": [
        *EVERYWHERE,
        "TRUNCATE audit_event",
        "TRUNCATE audit_event CASCADE",
        f"INSERT INTO audit_event ({COLUMNS}) {COPY} ON CONFLICT (uid) DO UPDATE SET risk = 'low'",
        "WITH gone AS (DELETE FROM audit_event RETURNING 1) SELECT count(*) FROM gone",
        "MERGE INTO audit_event AS e USING (SELECT 1) AS x ON true WHEN MATCHED THEN DELETE",
    ],
}


@pytest.mark.parametrize("number", range(8))
def test_it_is_refused_by_the_database(event: Event, number: int) -> None:
    statements = STATEMENTS[connection.vendor]
    assert len(statements) == 8
    before = Event.objects.values().get()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), as_table_owner():
        connection.cursor().execute(statements[number])
    assert Event.objects.values().get() == before


@pytest.mark.parametrize("number", range(8))
def test_the_application_has_no_right_to_it(event: Event, number: int) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(STATEMENTS["postgresql"][number])


def test_it_lets_new_events_in(event: Event) -> None:
    with transaction.atomic():
        append(actor=Actor.system(), action=Action.SECRET_REVEALED)
    assert Event.objects.count() == 2


def test_it_is_not_skipped_by_a_replication_role() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no replication")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'audit_event'::regclass AND NOT tgisinternal")
        assert {row[0] for row in cursor.fetchall()} == {"A"}


def test_it_is_noticed_when_a_trigger_is_gone() -> None:
    assert check_triggers(databases=["default"]) == []
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute(triggers.REMOVE[connection.vendor][0])
    (problem,) = check_triggers(databases=["default"])
    assert problem.id == "audit.E001"
    assert "audit_event_no_" in problem.msg
    assert check_triggers(databases=[]) == []
