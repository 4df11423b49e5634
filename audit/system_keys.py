"""The instance's own keys, with an event for each that was made.

Here and not beside the other keys, because the log stands on the keys: the first of these events is authenticated with
a key that the same transaction made.
"""

from django.db import transaction

from audit.actions import Action, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from audit.services import append
from vault.crypto.fingerprint import fingerprint
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE
from vault.keys.services import ensure_system_keys


@transaction.atomic
def make_system_keys() -> None:
    """Makes the system keys that are not there yet. Raises what `ensure_system_keys` does."""
    there = set(WrappedKey.objects.filter(scope=SYSTEM_SCOPE).values_list("pk", flat=True))
    for key in ensure_system_keys():
        if key.pk not in there:
            append(
                actor=Actor.system(),
                action=Action.KEY_CREATED,
                resource=key_resource(key),
                key_id=bytes(key.key_id),
                details={"purpose": key.purpose},
            )


def key_resource(key: WrappedKey) -> Resource:
    """How events name a key: by its row's uid and its fingerprint."""
    return Resource(ResourceKind.KEY, str(key.pk), fingerprint(bytes(key.key_id)))
