"""Where root keys come from: one small interface, and the sources behind it.

The configuration holds root keys as text, plain or sealed by a provider that unseals them at the start; after that all
root keys are alike. Every error names the source and the line or entry in it, and never repeats any of the text found
there.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from vault.crypto import rootkey, sealing
from vault.crypto.fingerprint import fingerprint
from vault.crypto.rootkey import RootKey
from vault.crypto.secrecy import scrubbed
from vault.keys.development import create_development_root_key, is_development_root_key
from vault.keys.providers.base import RootKeyProblem, RootKeyProvider, RootKeyUnavailable
from vault.keys.providers.environment import EnvironmentProvider
from vault.keys.providers.file import FileProvider
from vault.keys.providers.live import Keeper, LiveRootKeys, load
from vault.keys.providers.remote import remote_provider, unsealed_text

__all__ = [
    "EnvironmentProvider",
    "FileProvider",
    "RootKeyProblem",
    "RootKeyProvider",
    "RootKeyUnavailable",
    "configured_provider",
    "could_begin",
    "forget",
    "on_dropped",
    "reread",
    "root_key",
    "root_key_text",
    "root_keys",
    "source_description",
]


def configured_provider() -> RootKeyProvider:
    """The provider that the settings ``ROOT_KEY`` (text) or ``ROOT_KEY_FILE`` (path) name. Raises RootKeyProblem.

    In development the default file is made when it does not exist; in production nothing is ever made up.
    """
    if settings.ROOT_KEY and settings.ROOT_KEY_FILE:
        raise RootKeyProblem(
            "Both HOLDFAST_ROOT_KEY and HOLDFAST_ROOT_KEY_FILE are set, so it is not clear which key is first. "
            "Set one of them; each can hold several keys."
        )
    if settings.ROOT_KEY:
        return EnvironmentProvider(settings.ROOT_KEY)
    if settings.ROOT_KEY_FILE:
        path = Path(settings.ROOT_KEY_FILE)
        if rootkey.PREFIX in str(path) or sealing.PREFIX in str(path):
            raise RootKeyProblem(
                "HOLDFAST_ROOT_KEY_FILE holds the text of a root key instead of the name of a file. Write the key into "
                "a file of mode 0600 and name that, or move the text to HOLDFAST_ROOT_KEY."
            )
        if is_development_root_key(path):
            create_development_root_key(path)
        return FileProvider(path)
    raise RootKeyProblem(
        "There is no root key. Make one with `manage.py generate_root_key`, keep a copy offline, and name its file in "
        "HOLDFAST_ROOT_KEY_FILE, or put its text into HOLDFAST_ROOT_KEY."
    )


# --- the root keys of this process ------------------------------------------------------------------------------------

_loading = threading.Lock()
_live: LiveRootKeys | None = None
_keeper: Keeper | None = None
_when_dropped: list[Callable[[], None]] = []


def root_keys() -> tuple[RootKey, ...]:
    """The root keys of this process, in the order of their configuration; had once, and kept fresh from then on.

    The first call may wait HOLDFAST_ROOT_KEY_WAIT_SECONDS for a provider that does not answer; no other one waits.
    Raises RootKeyUnavailable while the first of them cannot be had from its provider, RootKeyProblem and WrongKey for
    what waiting does not mend.
    """
    return _loaded().root_keys()


def root_key(key_id: bytes) -> RootKey | None:
    """One root key of this process by its 16-byte id; None if it is not configured.

    The source is read again for one that is missing, so that one that was added is found without a restart. Raises
    RootKeyUnavailable if it is configured and cannot be had from its provider at the moment.
    """
    live = _loaded()
    try:
        return live.root_key(key_id)
    finally:
        _keep(live)


def reread() -> tuple[RootKey, ...]:
    """``root_keys()`` after looking for ones that were added; one that is sealed takes until its provider answered."""
    live = _loaded()
    live.reread()
    _keep(live)
    return live.root_keys()


def could_begin() -> bool:
    """Whether a process that begins now would have root keys: for one that is about to be replaced by such a process.

    Waits for nobody: if no provider was asked just now, one is asked meanwhile, and the answer is no until it is known.
    """
    live = _loaded()
    try:
        configured_provider().configured()
    except RootKeyProblem:
        return False
    can = live.can_be_had() if live.renews else True
    if can is None and _keeper is not None:
        _keeper.wake()
    return bool(can)


def on_dropped(callback: Callable[[], None]) -> None:
    """Have ``callback()`` called when root keys were dropped, to forget what they unwrapped.

    It is called from the thread that renews, which has no database connection and must not get one.
    """
    _when_dropped.append(callback)


def forget() -> None:
    """Drop the root keys: the next use reads them again. For tests, and after a restore."""
    global _live, _keeper  # noqa: PLW0603 - the state of the process
    with _loading:
        if _keeper is not None:
            _keeper.stop()
        _live = _keeper = None
    _dropped()


def _loaded() -> LiveRootKeys:
    global _live  # noqa: PLW0603 - the state of the process
    live = _live
    if live is None:
        with _loading:
            live = _live
            if live is None:
                live = _live = load(
                    configured_provider(),
                    refresh=settings.ROOT_KEY_REFRESH_SECONDS,
                    grace=settings.ROOT_KEY_GRACE_SECONDS,
                    wait=settings.ROOT_KEY_WAIT_SECONDS,
                    on_drop=_dropped,
                )
        _keep(live)
    return live


def _keep(live: LiveRootKeys) -> None:
    """Have sealed root keys renewed, at once if one of them is missing."""
    global _keeper  # noqa: PLW0603 - the state of the process
    if not live.renews:
        return
    with _loading:
        if live is not _live:
            return
        if _keeper is None:
            _keeper = Keeper(live)
            _keeper.start()
        elif live.lacks:
            _keeper.wake()


def _dropped() -> None:
    for callback in _when_dropped:
        callback()


def _after_fork() -> None:
    global _loading  # noqa: PLW0603 - a fork while another thread held the lock would leave it held for ever
    _loading = threading.Lock()
    if _live is not None:
        _live.unlock()
    if _keeper is not None:
        _keeper.start()


os.register_at_fork(after_in_child=_after_fork)


# --- what is told about them ------------------------------------------------------------------------------------------


def source_description(key_id: bytes | None = None) -> str:
    """Where a root key comes from, in words: ``file /etc/…``, ``AWS KMS key arn:…``. Without ``key_id``: the first.

    Holds no secret. Raises RootKeyProblem; gives the source itself for a key that is not configured.
    """
    source = configured_provider()
    for key in source.configured():
        if key_id in (None, key.key_id):
            return " or ".join(remote_provider(each.provider).description for each in key.sealed) or source.description
    return source.description


@scrubbed
def root_key_text(key_id: bytes) -> str:
    """A configured root key as ``hfroot1-…`` text, read or unsealed anew: for ``keys split`` alone.

    Raises RootKeyProblem if it is not configured or cannot be had, WrongKey.
    """
    source = configured_provider()
    for key in source.configured():
        if key.key_id != key_id:
            continue
        problem: RootKeyProblem | None = None
        for sealed in key.sealed:
            try:
                return unsealed_text(sealed)
            except RootKeyProblem as failure:
                problem = failure
        if problem is not None:
            raise problem
        for entry in source.entries():
            if entry.text.startswith(rootkey.PREFIX) and RootKey.from_text(entry.text).key_id == key_id:
                return entry.text
    raise RootKeyProblem(f"The root key {fingerprint(key_id)} is not configured ({source.description}).")
