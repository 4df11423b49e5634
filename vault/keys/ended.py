"""What a missing key has to do with an act of destruction: the difference between “mend it” and “it is meant to be”."""

from vault.crypto.errors import KeyUnavailable
from vault.crypto.keyring import NoActiveKey
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState


def ended(failure: KeyUnavailable) -> str:
    """A sentence for people if the key that is missing was destroyed on purpose; empty if it is merely not there."""
    if isinstance(failure, NoActiveKey):
        keys = WrappedKey.objects.filter(scope=failure.scope, purpose=failure.purpose)
    else:
        keys = WrappedKey.objects.filter(key_id=failure.key_id)
    destroyed = keys.filter(state=KeyState.DESTROYED.value).order_by("-destroyed_at").first()
    if destroyed is None or destroyed.destroyed_at is None:
        return ""
    day = f"{destroyed.destroyed_at:%d %B %Y}".lstrip("0")
    alive = WrappedKey.objects.filter(scope=destroyed.scope).exclude(state=KeyState.DESTROYED.value)
    if destroyed.scope == SYSTEM_SCOPE or alive.exists():
        return f"The key of this value was destroyed on {day}: it cannot be read any more."
    return (
        f"The keys of this organization were destroyed on {day}. Its values cannot be read any more, and nothing new "
        "can be stored."
    )
