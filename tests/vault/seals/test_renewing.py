"""The `row` key rotates: what was sealed before verifies, and comes under the new key, so that the old one retires."""

import pytest

from audit.actor import Actor
from orgs.models import Membership
from tests.cast import Cast
from tests.sealing import tamper
from tests.vault.custody.commands import keys
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.keys.keyrings import keyring_for
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.seals import genuine, tally, with_seal
from vault.seals.models import Seal, Tally
from vault.seals.services import renew_seals, verify_authority

pytestmark = pytest.mark.django_db


@pytest.fixture
def rotated(cast: Cast) -> Cast:
    keys("rotate", "--purpose", "row")
    return cast


def under(key_id: bytes) -> int:
    macs = [*Seal.objects.values_list("mac", flat=True), *Tally.objects.values_list("mac", flat=True)]
    return sum(bytes(mac)[:KEY_ID_SIZE] == key_id for mac in macs)


def active() -> bytes:
    return keyring_for(SYSTEM_SCOPE, Purpose.ROW).active.key_id


def test_it_verifies_what_is_under_the_key_before(rotated: Cast) -> None:
    assert under(active()) == 0
    assert len(genuine(with_seal(Membership.objects.filter(organization=rotated.acme)))) == 4
    assert not verify_authority(actor=Actor.system()).faults


def test_it_renews_a_seal_and_its_tally_with_a_change(rotated: Cast) -> None:
    membership = Membership.objects.get(organization=rotated.acme, user=rotated.bob)
    membership.role = "viewer"
    membership.save()
    assert under(active()) == 2
    assert tally.agrees(Tally.objects.get(scope=str(rotated.acme.uid)), tally.elements(rotated.acme.uid))


def test_it_renews_all_the_others(rotated: Cast) -> None:
    before = {seal.pk: seal.version for seal in Seal.objects.all()}
    assert renew_seals() == Seal.objects.count() + Tally.objects.count()
    assert under(active()) == Seal.objects.count() + Tally.objects.count()
    assert {seal.pk: seal.version for seal in Seal.objects.all()} == before
    assert renew_seals() == 0
    assert not verify_authority(actor=Actor.system()).faults


def test_it_lets_the_key_before_retire(rotated: Cast) -> None:
    renew_seals()
    keys("retire", "--purpose", "row")
    assert not WrappedKey.objects.filter(purpose="row", state="decrypt_only").exists()
    assert not verify_authority(actor=Actor.system()).faults


def test_it_makes_nothing_genuine(rotated: Cast) -> None:
    tamper(Membership.objects.filter(user=rotated.bob), role="owner")
    Seal.objects.filter(kind="orgs.grant").delete()
    faults = {str(fault) for fault in verify_authority(actor=Actor.system()).faults}
    renew_seals()
    assert faults <= {str(fault) for fault in verify_authority(actor=Actor.system()).faults}
    assert under(active()) < Seal.objects.count() + Tally.objects.count()
