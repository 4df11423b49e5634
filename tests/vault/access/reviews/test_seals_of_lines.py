"""Lines of reviews and decisions are written once, and PostgreSQL lets the program lock none of them: their seals come
under another key, and are taken over, all the same."""

import pytest
from django.core.management import call_command

from audit.actor import Actor
from tests.vault.access.reviews.conftest import Reviewed
from tests.vault.custody.commands import keys
from vault.access.models import ReviewLine
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.database.policies import APPEND_ONLY
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.seals.kinds import sealed_models
from vault.seals.models import Seal
from vault.seals.services import renew_seals, verify_authority

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(reviewed: Reviewed) -> ReviewLine:
    found = reviewed.line(reviewed.begin(), reviewed.bobs)
    reviewed.decide(reviewed.cast.adam, found)
    return found


def test_the_models_say_which_tables_the_database_keeps() -> None:
    once = {model._meta.db_table for model in sealed_models() if model.WRITTEN_ONCE}
    assert once == APPEND_ONLY - {"audit_event"}


def test_their_seals_come_under_another_key(line: ReviewLine) -> None:
    keys("rotate", "--purpose", "row")
    renew_seals()
    active = keyring_for(SYSTEM_SCOPE, Purpose.ROW).active.key_id
    macs = Seal.objects.filter(kind__in=("access.reviewline", "access.reviewdecision")).values_list("mac", flat=True)
    assert {bytes(mac)[:KEY_ID_SIZE] for mac in macs} == {active}
    assert not verify_authority(actor=Actor.system()).faults


def test_one_is_taken_over_whose_seal_was_written_to(line: ReviewLine) -> None:
    Seal.objects.filter(kind="access.reviewline", row=line.seal_row()).update(mac=bytes(48))
    assert [fault.kind for fault in verify_authority(actor=Actor.system()).faults] == ["access.reviewline"]
    call_command("access", "seal", "access.reviewline", line.seal_row(), "--yes")
    call_command("access", "seal", "--tally", str(line.organization_id), "--yes")
    assert not verify_authority(actor=Actor.system()).faults
