"""The rows that were there before there were seals get theirs in the upgrade, once."""

import importlib
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.db import connection

from audit.actor import Actor
from orgs.models import Membership
from tests.cast import Cast
from tests.sealing import tamper, unguarded
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.seals.adoption import adopt
from vault.seals.kinds import sealed_models
from vault.seals.models import Seal, Tally
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db

MIGRATIONS = {
    "accounts": ["accounts.migrations.0005_adopt"],
    "orgs": ["orgs.migrations.0006_adopt", "orgs.migrations.0008_adopt_networks", "orgs.migrations.0009_adopt_places"],
    "secrets": ["vault.secrets.migrations.0005_adopt"],
}


def upgrade() -> None:
    """What the migrations of this release do to the rows that they find."""
    for app, modules in MIGRATIONS.items():
        for module in modules:
            adopt(apps, connection.schema_editor, app=app, sealed=importlib.import_module(module).SEALED)


@pytest.fixture
def before(cast: Cast) -> Cast:
    Seal.objects.exclude(kind="orgs.classpolicy").delete()
    Tally.objects.all().delete()
    for seal in list(Seal.objects.all()):  # policies are newer than seals
        from vault.seals import tally

        tally.change(seal.organization_id, added=[(seal.kind, seal.row, seal.version)])
    return cast


def test_it_seals_every_row(before: Cast) -> None:
    assert verify_authority(actor=Actor.system()).faults
    upgrade()
    assert not verify_authority(actor=Actor.system()).faults


def test_it_seals_what_a_later_change_finds_genuine(before: Cast) -> None:
    upgrade()
    membership = Membership.objects.get(organization=before.acme, user=before.bob)
    membership.role = "viewer"
    membership.save()
    assert not verify_authority(actor=Actor.system()).faults


def test_it_leaves_the_seals_that_are_there(before: Cast) -> None:
    upgrade()
    macs = {seal.pk: bytes(seal.mac) for seal in Seal.objects.all()}
    upgrade()
    assert {seal.pk: bytes(seal.mac) for seal in Seal.objects.all()} == macs


def test_it_covers_what_the_models_cover() -> None:
    """While the release is the newest: a later one that covers more has a migration of its own for that."""
    adopted: dict[str, Any] = {}
    for app, modules in MIGRATIONS.items():
        for module in modules:
            columns = importlib.import_module(module).SEALED
            adopted |= {f"{app}.{name.lower()}": set(names) for name, names in columns.items()}
    assert adopted == {
        model.seal_kind(): set(model.SEALED) for model in sealed_models() if model.seal_kind() in adopted
    }


def again(cast: Cast) -> None:
    """The adoption of memberships once more, as if its migration had not run."""
    columns = importlib.import_module("orgs.migrations.0006_adopt").SEALED["Membership"]
    adopt(apps, connection.schema_editor, app="orgs", sealed={"Membership": columns})


def faults() -> list[tuple[str, str]]:
    return [(fault.kind, fault.fault) for fault in verify_authority(actor=Actor.system()).faults]


def test_a_row_that_was_put_among_sealed_ones_is_not_sealed(cast: Cast) -> None:
    made = Membership.objects.get(organization=cast.acme, user=cast.bob)
    made.pk, made.user = uuid4(), cast.charlie
    unguarded(Membership.objects.all()).bulk_create([made])
    with pytest.raises(CommandError, match="have no seal, where others have theirs"):
        again(cast)
    assert faults() == [("orgs.membership", "no seal")]


def test_nothing_is_sealed_where_seals_were_taken_away(cast: Cast) -> None:
    tamper(Membership.objects.filter(organization=cast.acme, user=cast.bob), role="owner")
    Seal.objects.filter(kind="orgs.membership").delete()
    with pytest.raises(CommandError, match="are not as this program left them"):
        again(cast)
    assert ("orgs.membership", "no seal") in faults()


def test_nor_where_the_tally_went_with_them(cast: Cast) -> None:
    Seal.objects.filter(kind="orgs.membership").delete()
    Tally.objects.all().delete()
    with pytest.raises(CommandError, match="are not as this program left them"):
        again(cast)


def test_rows_that_a_migration_made_are_sealed_among_others(cast: Cast) -> None:
    made = Membership.objects.get(organization=cast.acme, user=cast.bob)
    made.pk, made.user = uuid4(), cast.charlie
    unguarded(Membership.objects.all()).bulk_create([made])
    columns = {"Membership": Membership.SEALED}
    adopt(apps, connection.schema_editor, app="orgs", sealed=columns, made={"Membership": [made.pk]})
    assert not faults()


def test_it_needs_no_key_where_there_are_no_rows(db: None) -> None:
    WrappedKey.objects.filter(purpose="row").delete()
    keyrings.forget()
    adopt(apps, connection.schema_editor, app="orgs", sealed={"Membership": ("role",)})
    keyrings.forget()


def test_it_says_what_is_missing(before: Cast, settings: Any) -> None:
    settings.ROOT_KEY = None
    keyrings.forget()
    try:
        with pytest.raises(CommandError, match="HOLDFAST_ROOT_KEY"):
            upgrade()
    finally:
        keyrings.forget()
