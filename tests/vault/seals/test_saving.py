"""What is saved is sealed, and stays genuine through every way to write that there is."""

import pytest
from django.utils import timezone

from accounts.models import Instance
from tests.sealing import tamper
from vault.seals import SealBroken, SealBypassed, genuine, is_genuine, with_seal
from vault.seals.models import Seal, Tally

pytestmark = pytest.mark.django_db


def stored() -> Instance:
    return with_seal(Instance.objects.filter(pk=1)).get()


def test_it_seals_what_is_created() -> None:
    assert genuine([stored()])
    seal = Seal.objects.get(kind="accounts.instance")
    assert (seal.row, seal.organization_id) == ("1", None)
    assert Tally.objects.get(scope="system").rows == Seal.objects.filter(organization_id=None).count()


def test_it_seals_each_change_with_the_next_version() -> None:
    instance = Instance.objects.get(pk=1)
    before = Seal.objects.get(kind="accounts.instance").version
    instance.claimed_at = timezone.now()
    instance.save()
    assert Seal.objects.get(kind="accounts.instance").version == before + 1
    assert is_genuine(instance)
    assert is_genuine(stored())


def test_it_seals_only_the_columns_that_are_written() -> None:
    instance = Instance.objects.get(pk=1)
    instance.claimed_at = timezone.now()
    instance.second_factor_required = False
    instance.save(update_fields=["claimed_at"])
    assert is_genuine(stored())
    assert stored().second_factor_required


def test_it_refuses_to_change_a_row_that_is_not_genuine() -> None:
    tamper(Instance, second_factor_required=False)
    instance = Instance.objects.get(pk=1)
    instance.claimed_at = timezone.now()
    with pytest.raises(SealBroken, match=r"accounts\.instance"):
        instance.save()


def test_it_refuses_a_bulk_change() -> None:
    with pytest.raises(SealBypassed, match=r"save\(\)"):
        Instance.objects.update(second_factor_required=False)
