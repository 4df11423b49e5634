"""A migration that changes what seals cover, or what they cover it with, seals the genuine rows anew, and no others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from audit.actor import Actor
from orgs.models import Membership, Team
from tests.cast import Cast
from tests.sealing import tamper
from vault.keys import keyrings
from vault.keys.peppers import keyed_hash
from vault.keys.purposes import Purpose
from vault.seals import genuine, with_seal
from vault.seals.models import Seal
from vault.seals.resealing import reseal
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db

COLUMNS = Team.SEALED
FEWER = tuple(name for name in COLUMNS if name != "name")
MORE = (*COLUMNS, "description")


@pytest.fixture(scope="module")
def then() -> Any:
    """The models as a migration has them: they know nothing of seals."""
    return MigrationLoader(None, ignore_no_migrations=True).project_state().apps


@pytest.fixture
def migrate(then: Any) -> Callable[..., None]:
    def run(before: tuple[str, ...], after: tuple[str, ...], **options: Any) -> None:
        reseal(then, connection.schema_editor, app="orgs", model="Team", before=before, after=after, **options)

    return run


@pytest.fixture
def teams(cast: Cast) -> list[Team]:
    return [Team.objects.create(organization=cast.acme, name=name, name_key=name.lower()) for name in ("Ops", "Web")]


def counted() -> int:
    """How many teams count with what their seals cover at this point."""
    return len(genuine(with_seal(Team.objects.all())))


def faults() -> set[tuple[str, str]]:
    return {(fault.kind, fault.fault) for fault in verify_authority(actor=Actor.system()).faults}


def test_it_seals_with_a_column_more(
    teams: list[Team], migrate: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(COLUMNS, MORE)
    assert counted() == 0
    monkeypatch.setattr(Team, "SEALED", MORE)
    assert counted() == 2
    assert faults() == set()


def test_it_seals_with_a_column_less(
    teams: list[Team], migrate: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(COLUMNS, FEWER)
    monkeypatch.setattr(Team, "SEALED", FEWER)
    assert counted() == 2
    assert faults() == set()


def test_it_knows_a_column_by_the_name_that_it_had(
    teams: list[Team], migrate: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tuple("slug" if name == "name_key" else name for name in COLUMNS)
    monkeypatch.setattr(Team, "SEALED", before)
    monkeypatch.setattr(Team, "slug", property(lambda self: self.name_key), raising=False)
    for team in Team.objects.all():  # sealed under that name, as the release before would have
        seal = Seal.objects.get(kind="orgs.team", row=team.seal_row())
        seal.mac = keyed_hash(Purpose.ROW, team.seal_message(seal.version))
        seal.save()
    monkeypatch.setattr(Team, "SEALED", COLUMNS)
    assert counted() == 0
    migrate(before, COLUMNS, renamed={"slug": "name_key"})
    assert counted() == 2


def test_it_seals_what_it_changes(teams: list[Team], migrate: Callable[..., None]) -> None:
    def shouted(row: Any) -> None:
        row.name = row.name.upper()

    migrate(COLUMNS, COLUMNS, change=shouted)
    assert sorted(team.name for team in genuine(with_seal(Team.objects.all()))) == ["OPS", "WEB"]
    assert faults() == set()


def test_it_makes_nothing_genuine_that_was_not(teams: list[Team], migrate: Callable[..., None]) -> None:
    met: list[str] = []
    tamper(Team.objects.filter(name="Ops"), name="Owners")
    migrate(COLUMNS, COLUMNS, change=lambda row: met.append(row.name))
    assert met == ["Web"]
    assert counted() == 1
    assert faults() == {("orgs.team", "altered")}


def test_what_was_before_cannot_be_brought_back(teams: list[Team], migrate: Callable[..., None]) -> None:
    old = {seal.row: seal for seal in Seal.objects.filter(kind="orgs.team")}
    migrate(COLUMNS, COLUMNS)
    for seal in Seal.objects.filter(kind="orgs.team"):
        assert seal.version == old[seal.row].version + 1
    for seal in old.values():
        seal.save()
    assert {kind for kind, _ in faults()} == {"seals.tally"}


def test_it_leaves_other_models_alone(teams: list[Team], migrate: Callable[..., None], cast: Cast) -> None:
    before = set(Seal.objects.exclude(kind="orgs.team").values_list("mac", flat=True))
    migrate(COLUMNS, MORE)
    assert set(Seal.objects.exclude(kind="orgs.team").values_list("mac", flat=True)) == before
    assert len(genuine(with_seal(Membership.objects.filter(organization=cast.acme)))) == 4


def test_it_says_what_is_missing(teams: list[Team], settings: Any) -> None:
    settings.ROOT_KEY = None
    keyrings.forget()
    try:
        with pytest.raises(CommandError, match="HOLDFAST_ROOT_KEY"):
            reseal(apps, connection.schema_editor, app="orgs", model="Team", before=COLUMNS, after=COLUMNS)
    finally:
        keyrings.forget()
