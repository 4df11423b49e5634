"""What an encrypted field costs: loading rows without reading it, and reading it in every row.

The yardstick is the same rows with a BinaryField, and the two AES-GCM opens that nobody can avoid. Measurements are
interleaved, and the median taken of the ratios of each round, so that a slow moment of the machine falls on both sides.
Processor time of this process is what counts: waiting for others does not, and the database server's share, the same
for both sides and flattering to the ratio, is left out.
"""

import gc
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, models
from django.utils import timezone

from tests.bench.result import Result
from tests.bench.tables import owning_the_tables
from vault.crypto.padding import padded_size
from vault.fields import EncryptedTextField
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key

ROWS = 10_000
ROUNDS = 21

LOAD_BOUND = 1.15
READ_BOUND = 1.5


class _Row(models.Model):
    """The plain columns that a version of a secret has beside its value."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organization_id = models.UUIDField()
    secret_id = models.UUIDField(default=uuid.uuid4)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by_id = models.UUIDField(default=uuid.uuid4)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.uid)


class BenchBinaryRow(_Row):
    """The yardstick: a BinaryField."""

    value = models.BinaryField()

    class Meta:
        app_label = "bench"


class BenchEncryptedRow(_Row):
    """An encrypted field, bound as in a version of a secret."""

    value_ciphertext: bytes
    value = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id", row="secret_id", row_version="number")

    class Meta:
        app_label = "bench"


def run() -> list[Result]:
    """Both ratios on the configured database: the tables and rows for it are made here, and dropped again."""
    with _rows():
        rounds = _measure(_load_binary, _load_encrypted, _read_encrypted, _bare_opens())
    return [
        Result(
            "Load 10,000 encrypted rows ÷ the same with a BinaryField",
            median(loading / binary for binary, loading, _, _ in rounds),
            LOAD_BOUND,
        ),
        Result(
            "Read 10,000 encrypted values ÷ BinaryField rows and two bare AES-GCM opens",
            median(reading / (binary + opens) for binary, _, reading, opens in rounds),
            READ_BOUND,
        ),
    ]


@contextmanager
def _rows() -> Iterator[None]:
    """Two tables of ``ROWS`` rows with the same bytes."""
    organization = uuid.uuid4()
    create_tenant_key(scope=str(organization), purpose=Purpose.DATA)
    try:
        with owning_the_tables(), connection.schema_editor() as editor:
            editor.create_model(BenchBinaryRow)
            editor.create_model(BenchEncryptedRow)
        rows = [
            BenchEncryptedRow(organization_id=organization, number=number, value=f"value {number} of the benchmark")
            for number in range(1, ROWS + 1)
        ]
        BenchEncryptedRow._default_manager.bulk_create(rows)
        columns = [field.attname for field in _Row._meta.concrete_fields]
        BenchBinaryRow._default_manager.bulk_create(
            BenchBinaryRow(**{column: getattr(row, column) for column in columns}, value=row.value_ciphertext)
            for row in rows
        )
        yield
    finally:
        WrappedKey.objects.filter(scope=str(organization)).delete()
        with owning_the_tables(), connection.schema_editor() as editor:
            editor.delete_model(BenchEncryptedRow)
            editor.delete_model(BenchBinaryRow)


def _load_binary() -> None:
    list(BenchBinaryRow._default_manager.all())


def _load_encrypted() -> None:
    list(BenchEncryptedRow._default_manager.all())


def _read_encrypted() -> None:
    for row in BenchEncryptedRow._default_manager.all():
        row.value  # noqa: B018 - reading it is what is measured


def _bare_opens() -> Callable[[], None]:
    """Two opens per row, of the sizes in an envelope, with nothing around them: the wrapped DEK, then the value."""
    kek = AESGCM(os.urandom(32))
    nonce, aad = os.urandom(12), os.urandom(120)
    sealed = []
    for _ in range(ROWS):
        dek = os.urandom(32)
        sealed.append((kek.encrypt(nonce, dek, aad), AESGCM(dek).encrypt(nonce, bytes(padded_size(0)), aad)))

    def open_all() -> None:
        for wrapped, body in sealed:
            AESGCM(kek.decrypt(nonce, wrapped, aad)).decrypt(nonce, body, aad)

    return open_all


def _measure(*operations: Callable[[], None]) -> list[list[float]]:
    """The seconds of each operation in each of ``ROUNDS`` rounds. One round before them warms up and is not counted."""
    rounds = []
    for _ in range(1 + ROUNDS):
        times = []
        for operation in operations:
            gc.collect()
            started = time.process_time()
            operation()
            times.append(time.process_time() - started)
        rounds.append(times)
    return rounds[1:]
