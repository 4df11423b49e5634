"""The rows that were there before there were seals get theirs in the upgrade, once."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.db import connection

from audit.actor import Actor
from orgs.models import Membership
from tests.cast import Cast
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
