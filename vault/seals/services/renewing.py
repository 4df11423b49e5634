"""Seals come under the active key when their rows are saved; those that are not are renewed here, and its tallies.

Housekeeping does this after a rotation of the `row` key, so that the key before can retire. A seal keeps its version:
what it says does not change. One that is not genuine is left as it is, and keeps the key that would prove it.
"""

from django.db import transaction
from django.db.models import QuerySet

from vault import tenancy
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.keys.keyrings import keyring_for
from vault.keys.peppers import keyed_hash
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.seals import tally
from vault.seals.kinds import sealed_models
from vault.seals.models import Seal, Tally
from vault.seals.sealed import SealedModel, held
from vault.seals.verification import STAMP, fault_of, with_seal

_BATCH = 200


def renew_seals() -> int:
    """Put every genuine seal and tally under the active key, in small transactions. Returns how many were not."""
    with tenancy.everywhere("renewing seals under another key"):
        active = keyring_for(SYSTEM_SCOPE, Purpose.ROW).active.key_id
        renewed = sum(_renew(model, active) for model in sealed_models())
        for scope in Tally.objects.all():
            if bytes(scope.mac[:KEY_ID_SIZE]) != active:
                with transaction.atomic():
                    tally.change(scope.organization_id)
                renewed += 1
    return renewed


def _renew(model: type[SealedModel], active: bytes) -> int:
    renewed = 0
    seals: QuerySet[Seal] = Seal.objects.filter(kind=model.seal_kind()).order_by("pk")
    due = [seal.row for seal in seals.iterator() if bytes(seal.mac[:KEY_ID_SIZE]) != active]
    for start in range(0, len(due), _BATCH):
        pks = [model._meta.pk.to_python(row) for row in due[start : start + _BATCH]]
        with transaction.atomic():
            rows = held(model._base_manager.filter(pk__in=pks))
            renewed += sum(_renewed(row) for row in with_seal(rows))
    return renewed


def _renewed(row: SealedModel) -> int:
    if fault_of(row) is not None:
        return 0
    version, before = row.__dict__[STAMP]
    mac = keyed_hash(Purpose.ROW, row.seal_message(version))
    return Seal.objects.filter(kind=row.seal_kind(), row=row.seal_row(), mac=before).update(mac=mac)
