"""What a rotation of the root key costs with 100,000 secrets ÷ with 100: both phases, with as many tenant keys.

Only the wrapped tenant keys are rewritten, so how many values lie under them should make no difference.
"""

import time
from pathlib import Path
from statistics import median

from django.conf import settings

from tests.bench.people import make_owner, make_place
from tests.bench.result import Result
from tests.bench.values import make_values
from vault.crypto.rootkey import generate_root_key_text
from vault.custody.services import finish_root_rotation, rotate_root
from vault.custody.services.authority import OPERATOR
from vault.keys import keyrings
from vault.keys.models import WrappedKey

FEW, MANY = 100, 100_000
ROUNDS = 9
BOUND = 1.2


def run() -> list[Result]:
    """The ratio on the configured database."""
    make_values(FEW)
    spare = make_place(make_owner())  # its key makes up for that of the organization with the many
    _rotation()  # the first one of a process also loads what the others find in memory
    few = median(_rotation() for _ in range(ROUNDS))
    WrappedKey.objects.filter(scope=str(spare.organization_id)).delete()
    make_values(MANY)
    keyrings.forget()
    _rotation()
    many = median(_rotation() for _ in range(ROUNDS))
    return [Result("Root key rotation with 100,000 secrets ÷ with 100", many / few, BOUND)]


def _rotation() -> float:
    """The seconds of both phases. The next root key is configured before, as an operator does it, and stays alone."""
    file = Path(settings.ROOT_KEY_FILE or "")
    present = [line for line in file.read_text(encoding="ascii").splitlines() if line.startswith("hfroot1-")]
    following = generate_root_key_text()
    file.write_text("\n".join([*present, following, ""]), encoding="ascii")
    keyrings.forget()
    started = time.perf_counter()
    rotate_root(actor=OPERATOR)
    finish_root_rotation(actor=OPERATOR)
    taken = time.perf_counter() - started
    file.write_text(f"{following}\n", encoding="ascii")
    keyrings.forget()
    return taken
