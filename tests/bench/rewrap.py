"""What a rewrap costs: 100,000 values ÷ a plain UPDATE of the same column of the same rows in the same batches.

The UPDATE is written by hand: the new fronts are there before the clock starts, rows are named by their primary keys,
the bodies stay in the database, arrays go over in binary, and nothing is read, locked, compared or counted. The two
take turns, slice by slice of the same table; in the second round each has the slices that the other had in the first,
so that both go through all rows, and a slow moment of the machine falls on both. What is compared are seconds on the
clock, because most of the work is the database's.

Memory is the peak of a whole process that does nothing else: one that kept the keys and fronts of its rows would have
half as much again at 100,000.
"""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from uuid import UUID

import psycopg
from django.db import connection, transaction

from tests.bench.result import Result
from tests.bench.values import Tenant, make_values, rotate, tidy
from tests.harness.environment import ROOT
from vault.crypto.aad import RowBinding, context
from vault.crypto.envelope import FRONT_SIZE, rewrap
from vault.crypto.keyring import Keyring
from vault.fields.rewrapping import BATCH, Mode, advance, outstanding
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import Purpose
from vault.secrets.models import SecretVersion

FEW, MANY = 10_000, 100_000
SLICE = 5_000
TIME_BOUND, MEMORY_BOUND = 2.5, 1.2

_TABLE, _COLUMN = "secrets_secretversion", "payload"
_UPDATE = (
    "UPDATE secrets_secretversion SET payload = given.front || substring(payload from 78) "
    "FROM unnest(%b::uuid[], %b::bytea[]) AS given (uid, front) WHERE secrets_secretversion.uid = given.uid"
)

_PASS = """
import re, sys, django
django.setup()
from tests.harness.tenants import touch_every_organization
touch_every_organization()
from vault.fields.rewrapping import Mode, advance
from vault.keys.purposes import Purpose
after, done = None, 0
while True:
    batch = advance(sys.argv[1], Purpose.DATA, mode=Mode.REWRAP, after=after)
    done, after = done + batch.done, batch.after
    if after is None:
        break
print(done, re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""

Fronts = list[tuple[UUID, bytes]]


def run() -> list[Result]:
    """The ratio of the times, for PostgreSQL; and that of the memory, on both databases."""
    few, many = make_values(FEW), make_values(MANY)
    results = []
    if connection.vendor == "postgresql":
        name = "Rewrap of 100,000 values ÷ an UPDATE of their column by hand"
        results.append(Result(name, median([*_turns(many, first=True), *_turns(many, first=False)]), TIME_BOUND))
    peaks = [_peak(tenant) for tenant in (few, many)]
    results.append(Result("Peak memory of a rewrap of 100,000 values ÷ of 10,000", peaks[1] / peaks[0], MEMORY_BOUND))
    return results


def _turns(tenant: Tenant, *, first: bool) -> Iterator[float]:
    """A whole pass through the values; the ratio of the times of each two slices. ``first``: who begins."""
    rotate(tenant)
    tidy()
    slices = list(_slices(tenant))
    after: str | None = None
    for ours, theirs in zip(slices[not first :: 2], slices[first::2], strict=True):
        gc.collect()
        if first:
            after, product = _by_the_product(tenant, ours, after)
            by_hand = _by_hand(theirs)
        else:
            by_hand = _by_hand(theirs)
            after, product = _by_the_product(tenant, ours, after)
        yield product / by_hand
    if outstanding(tenant.scope, Purpose.DATA):
        raise RuntimeError("Values were left under the older key.")


def _slices(tenant: Tenant) -> Iterator[Fronts]:
    """The fronts that all values will have, in the order in which the product takes them."""
    ring = keyring_for(tenant.scope, Purpose.DATA)
    rows = SecretVersion.objects.filter(organization_id=tenant.organization).order_by("pk")
    fronts: Fronts = []
    for uid, secret, number, envelope in rows.values_list("pk", "secret_id", "number", _COLUMN).iterator():
        fronts.append((uid, _front(ring, tenant, bytes(envelope), secret, number)))
        if len(fronts) == SLICE:
            yield fronts
            fronts = []


def _front(ring: Keyring, tenant: Tenant, envelope: bytes, secret: UUID, number: int) -> bytes:
    source = ring.get(envelope[1:17])
    place = context(RowBinding(tenant.scope, _TABLE, _COLUMN, secret, number))
    return rewrap(envelope[:FRONT_SIZE], source=source, target=ring.active, row_context=place)


def _by_hand(fronts: Fronts) -> float:
    began = time.perf_counter()
    for start in range(0, len(fronts), BATCH):
        batch = fronts[start : start + BATCH]
        with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(_UPDATE, [[uid for uid, _ in batch], [front for _, front in batch]])
            if cursor.rowcount != len(batch):
                raise RuntimeError("The UPDATE by hand found other rows.")
    return time.perf_counter() - began


def _by_the_product(tenant: Tenant, fronts: Fronts, after: str | None) -> tuple[str | None, float]:
    began = time.perf_counter()
    done = 0
    while done < len(fronts):
        batch = advance(tenant.scope, Purpose.DATA, mode=Mode.REWRAP, after=after)
        done, after = done + batch.done, batch.after
        if batch.done != BATCH:
            raise RuntimeError(f"The product took {batch.done} rows.")
    return after, time.perf_counter() - began


def _peak(tenant: Tenant) -> int:
    """The most memory, in KiB, that a process of its own had resident when it had taken all values to a new key."""
    rotate(tenant)
    command = [sys.executable, "-c", _PASS, tenant.scope]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True, check=True)
    done, peak = map(int, ran.stdout.split())
    if done != tenant.rows:
        raise RuntimeError(f"{done} of {tenant.rows} values were rewrapped.")
    return peak
