"""What people notice of a rotation: the median time of a reveal while another process rewraps ÷ without.

Each round has an organization of its own with many values: its key is rotated, reveals of its values are timed while
nothing else happens, and then again while `manage.py keys rewrap` takes them to the new key. A reveal writes an event,
so that on SQLite it waits for a turn to write.
"""

import random
import signal
import subprocess
import sys
import time
from statistics import median

from accounts.models import User
from orgs.models import Environment
from tests.bench.people import make_owner, make_place
from tests.bench.result import Result
from tests.harness.environment import ROOT
from vault.custody.services.authority import OPERATOR
from vault.custody.services.rotation import rotate_key
from vault.fields.rewrapping import outstanding
from vault.keys import keyrings
from vault.keys.purposes import Purpose
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import create_secret, reveal_secret

ROUNDS = 5
SECRETS, VERSIONS = 20, 1_000
SECONDS = 3.0
START_SECONDS = 60
ENOUGH = 20
BOUND = 1.3


def run() -> list[Result]:
    """The ratio on the configured database."""
    owner = make_owner()
    without, rotating = [], []
    for _ in range(ROUNDS):
        place = make_place(owner)
        secrets = _fill(place, owner)
        rotate_key(actor=OPERATOR, scope=str(place.organization_id), purpose=Purpose.DATA)
        keyrings.forget()
        without.append(median(_reveals(owner, secrets)))
        rotating.append(median(_reveals_while_rewrapping(owner, secrets, place)))
        without.append(median(_reveals(owner, secrets)))
    return [Result("Median reveal while a rewrap runs ÷ without", median(rotating) / median(without), BOUND)]


def _fill(place: Environment, owner: User) -> list[Secret]:
    """Secrets with many versions each."""
    secrets = []
    for index in range(SECRETS):
        secret = create_secret(
            actor=owner, environment=place, kind=Kind.VALUE, name=f"BENCH_{index}", values={"value": "v" * 48}
        )
        SecretVersion.objects.bulk_create(
            SecretVersion(  # type: ignore[misc]  # the stubs know `payload` by its attname only
                organization_id=place.organization_id,
                secret=secret,
                number=number,
                payload={"value": f"value {number}"},
                field_names=["value"],
                created_by=owner,
            )
            for number in range(2, VERSIONS + 1)
        )
        secrets.append(secret)
    return secrets


def _reveals(owner: User, secrets: list[Secret], seconds: float = SECONDS) -> list[float]:
    """The seconds of each reveal of any version, one after the other."""
    times = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        secret, number = random.choice(secrets), random.randint(1, VERSIONS)  # noqa: S311 - which one does not matter
        started = time.perf_counter()
        reveal_secret(actor=owner, secret=secret.pk, version=number)
        times.append(time.perf_counter() - started)
    return times


def _reveals_while_rewrapping(owner: User, secrets: list[Secret], place: Environment) -> list[float]:
    """As `_reveals`, from the command's first batch on, for as long as it has work."""
    scope = str(place.organization_id)
    total = outstanding(scope, Purpose.DATA)
    times: list[float] = []
    command = [sys.executable, "manage.py", "keys", "rewrap", "--org", scope]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as rewrapping:
        deadline = time.monotonic() + START_SECONDS
        while outstanding(scope, Purpose.DATA) == total and time.monotonic() < deadline:
            time.sleep(0.02)
        until = time.monotonic() + SECONDS
        while rewrapping.poll() is None and outstanding(scope, Purpose.DATA) and time.monotonic() < until:
            times += _reveals(owner, secrets, seconds=0.25)
        rewrapping.terminate()  # what is left is left: the next run would go on with it
    if rewrapping.returncode not in (0, -signal.SIGTERM) or len(times) < ENOUGH:
        raise RuntimeError(f"The command ended with {rewrapping.returncode}, after {len(times)} reveals.")
    return times
