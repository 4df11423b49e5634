"""What migrations and the first start put into a database."""

from accounts.models import Instance
from tests.snapshot import Snapshot
from vault.keys.services import ensure_system_keys


def _seed() -> None:
    ensure_system_keys()
    Instance.objects.get_or_create(pk=1)


seed = Snapshot(_seed)
"""`seed()`: the keys of the system and the instance, in an empty database."""
