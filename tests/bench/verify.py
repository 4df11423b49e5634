"""What it costs to verify 100,000 values ÷ to read them and open them with bare AES-GCM.

The yardstick reads the same columns of the same rows through Django, as tuples with a plain BinaryField, as many at a
time, and makes two opens per row with everything ready for them: no place is worked out, no key looked up, no padding
checked, no JSON read. Both take turns, and the median is that of the ratios of the rounds.
"""

import gc
import time
from collections.abc import Callable
from statistics import median
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import models, transaction

from tests.bench.result import Result
from tests.bench.values import Tenant, make_values
from vault.crypto.aad import RowBinding, context, dek_wrap_aad
from vault.fields.opening import AT_ONCE
from vault.fields.verification import verify
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import Purpose

ROWS = 100_000
ROUNDS = 7
BOUND = 1.5


class BenchStoredVersion(models.Model):
    """The table of the values, as it is without an encrypted field."""

    uid = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField()
    secret_id = models.UUIDField()
    number = models.PositiveIntegerField()
    payload = models.BinaryField()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "secrets_secretversion"

    def __str__(self) -> str:
        return str(self.uid)


def run() -> list[Result]:
    """The ratio on the configured database."""
    tenant = make_values(ROWS)
    opens = _bare_opens(tenant)
    ratios = []
    for _ in range(1 + ROUNDS):
        verified, read, opened = (_seconds(act) for act in (lambda: _verify(tenant), lambda: _read(tenant), opens))
        ratios.append(verified / (read + opened))
    return [Result("Verify 100,000 values ÷ read them and two bare AES-GCM opens", median(ratios[1:]), BOUND)]


def _verify(tenant: Tenant) -> None:
    found = verify(scope=tenant.scope)
    if not found.holds or found.by_table["secrets_secretversion.payload"].checked != tenant.rows:
        raise RuntimeError("Not every value was opened.")


def _rows(tenant: Tenant) -> "models.QuerySet[BenchStoredVersion, tuple[UUID, UUID, int, bytes | memoryview]]":
    rows = BenchStoredVersion._default_manager.filter(organization_id=tenant.organization)
    return rows.values_list("organization_id", "secret_id", "number", "payload")


def _read(tenant: Tenant) -> None:
    with transaction.atomic():
        for _ in _rows(tenant).iterator(chunk_size=AT_ONCE):
            pass


def _bare_opens(tenant: Tenant) -> Callable[[], None]:
    """The two opens of each row: the wrapped DEK, then the body under it."""
    unwrap = keyring_for(tenant.scope, Purpose.DATA).active.dek_cipher.decrypt
    ready = []
    for _, secret, number, stored in _rows(tenant).iterator():
        envelope = bytes(stored)
        place = context(RowBinding(tenant.scope, "secrets_secretversion", "payload", secret, number))
        wrap_aad = dek_wrap_aad(envelope[:17], place)
        ready.append((envelope[17:29], envelope[29:77], wrap_aad, envelope[77:89], envelope[89:], place))

    def open_all() -> None:
        for wrap_nonce, wrapped, wrap_aad, nonce, body, place in ready:
            AESGCM(unwrap(wrap_nonce, wrapped, wrap_aad)).decrypt(nonce, body, place)

    return open_all


def _seconds(act: Callable[[], None]) -> float:
    gc.collect()
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
