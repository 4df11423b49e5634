"""The root keys of this process over time: had at the start, asked for again, dropped when they cannot be had any more.

A root key in plain text is read once and stays. One that a provider unsealed stays as long as the provider unseals it:
it is asked for again every HOLDFAST_ROOT_KEY_REFRESH_SECONDS, and when that fails, what is in memory goes on for
HOLDFAST_ROOT_KEY_GRACE_SECONDS, then it is dropped. No request waits for a provider: a thread of its own asks.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

from vault.crypto.errors import WrongKey
from vault.crypto.fingerprint import fingerprint
from vault.crypto.rootkey import RootKey
from vault.keys.providers.base import ConfiguredKey, RootKeyProblem, RootKeyProvider, RootKeyUnavailable
from vault.keys.providers.remote import ANSWER_SECONDS, open_configured

logger = logging.getLogger(__name__)

RETRY_SECONDS = 15
"""Pause between attempts while a provider fails, if the refresh is not more often anyway."""
WANTED_RETRY_SECONDS = 5
"""The same while somebody wants a root key that is not there."""
START_RETRY_SECONDS = 2
"""Pause between attempts at the start."""
RECENT_SECONDS = 60
"""An answer of a provider that is older says nothing about what a process that begins now would get."""
REREAD_SECONDS = 1
"""A source is read again at most this often: who asks for a root key that nobody has must not keep us busy."""


class Clock(Protocol):
    """The time that the renewal goes by."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


class _Held:
    """One configured root key: what it opened to, and since when its provider fails."""

    __slots__ = ("configured", "failing_since", "renewed_at", "root_key")

    def __init__(self, configured: ConfiguredKey, root_key: RootKey | None, now: float) -> None:
        self.configured = configured
        self.root_key = root_key
        self.renewed_at = now
        self.failing_since: float | None = None


class LiveRootKeys:
    """The root keys of one source in memory. Thread-safe.

    ``refresh``, ``grace``: seconds. ``on_drop()`` is called after root keys were dropped. Raises as ``open_configured``
    where one configured root key cannot be had: with half of its root keys no process begins.
    """

    def __init__(
        self,
        source: RootKeyProvider,
        *,
        refresh: float,
        grace: float,
        on_drop: Callable[[], None],
        clock: Clock = time,
    ) -> None:
        self._source = source
        self._refresh = refresh
        self._grace = grace
        self._on_drop = on_drop
        self._clock = clock
        self.unlock()
        self._reread_at = float("-inf")
        self._asked_at = clock.monotonic()
        self._usable: tuple[RootKey, ...] = ()
        self._held: dict[bytes, _Held] = {}
        for key in source.configured():
            self._held[key.key_id] = _Held(key, open_configured(key), clock.monotonic())
        self._settle()
        self._answered_at = clock.monotonic()

    @property
    def renews(self) -> bool:
        """Whether any root key has to be asked for again."""
        return any(held.configured.sealed for held in self._held.values())

    @property
    def lacks(self) -> bool:
        """Whether a configured root key cannot be used, and has not been asked for just now."""
        now = self._clock.monotonic()
        return now - self._asked_at >= WANTED_RETRY_SECONDS and not all(map(self._is_usable, self._held.values()))

    def can_be_had(self) -> bool | None:
        """Whether the providers unsealed all of them when they last answered; None if that is a while ago."""
        if self._clock.monotonic() - self._answered_at > RECENT_SECONDS:
            return None
        return all(held.root_key is not None and held.failing_since is None for held in self._held.values())

    def root_keys(self) -> tuple[RootKey, ...]:
        """The root keys that can be used now, in their order. Raises RootKeyUnavailable if the first is not among them.

        The same tuple as long as nothing changes.
        """
        first = next(iter(self._held.values()))
        if not self._is_usable(first):
            raise self._unavailable(first)
        return self._usable

    def root_key(self, key_id: bytes) -> RootKey | None:
        """One root key; None if it is not configured, also not since a moment ago: its source is read again for it.

        Raises RootKeyUnavailable if it is configured and cannot be used now.
        """
        held = self._held.get(key_id)
        if held is None:
            self.reread()
            held = self._held.get(key_id)
            if held is None:
                return None
        if held.root_key is None or not self._is_usable(held):
            raise self._unavailable(held)
        return held.root_key

    def reread(self) -> None:
        """Look for root keys that were added to the source. What was taken out of it stays until the process ends.

        One in plain text is there at once, one that is sealed after the next renewal.
        """
        with self._rereading:
            now = self._clock.monotonic()
            if now - self._reread_at < REREAD_SECONDS:
                return
            self._reread_at = now
            try:
                configured = {key.key_id: key for key in self._source.configured()}
            except RootKeyProblem as problem:
                logger.warning("Root keys could not be read again: %s", problem)
                return
            known = self._held
            held = {key_id: known.get(key_id) or _Held(key, key.root_key, now) for key_id, key in configured.items()}
            for key_id in configured.keys() - known.keys():
                logger.info("The root key %s was added to the %s", fingerprint(key_id), self._source.description)
            self._held = {**held, **{key_id: each for key_id, each in known.items() if key_id not in held}}
        self._settle()

    def renew(self) -> None:
        """Ask the providers once for what they unsealed; drop what is out of its time. Never raises for a provider.

        One thread at a time renews; another that comes meanwhile goes on with what there is.
        """
        if not self._renewing.acquire(blocking=False):
            return
        try:
            self._asked_at = self._clock.monotonic()
            dropped = [held for held in self._held.values() if held.configured.sealed and self._renew(held)]
            self._settle()
            self._answered_at = self._clock.monotonic()
        finally:
            self._renewing.release()
        if dropped:
            self._on_drop()

    def seconds_to_renewal(self) -> float:
        """How long the renewal may wait."""
        now = self._clock.monotonic()
        moments = [now + self._refresh]
        for held in self._held.values():
            if not held.configured.sealed:
                continue
            if held.root_key is not None and held.failing_since is None:
                moments.append(held.renewed_at + self._refresh)
            else:
                moments.append(now + min(RETRY_SECONDS, self._refresh))
            if held.root_key is not None and held.failing_since is not None:
                moments.append(held.failing_since + self._grace)
        return max(0.05, min(moments) - now)

    def _renew(self, held: _Held) -> bool:
        """Ask for one root key. True if it was dropped."""
        try:
            root_key = open_configured(held.configured)
        except (RootKeyProblem, WrongKey) as problem:
            return self._failed(held, str(problem))
        if held.root_key is None or held.failing_since is not None:
            logger.warning("The root key %s can be had again", held.configured.fingerprint)
        held.renewed_at = self._clock.monotonic()
        held.failing_since = None
        held.root_key = held.root_key or root_key
        return False

    def _failed(self, held: _Held, problem: str) -> bool:
        now = self._clock.monotonic()
        if held.failing_since is None:
            held.failing_since = now
            if held.root_key is not None and self._grace:
                logger.warning(
                    "The root key %s cannot be renewed. What is in memory goes on for %d seconds. %s",
                    held.configured.fingerprint,
                    self._grace,
                    problem,
                )
            elif held.root_key is None:
                logger.warning("The root key %s cannot be unsealed. %s", held.configured.fingerprint, problem)
        if held.root_key is None or now < held.failing_since + self._grace:
            return False
        held.root_key = None
        logger.error(
            "The root key %s was dropped: what it protects cannot be used until it can be had again. %s",
            held.configured.fingerprint,
            problem,
        )
        return True

    def _is_usable(self, held: _Held) -> bool:
        """Whether it is there and within its time, which also ends if the thread that renews should hang."""
        if held.root_key is None:
            return False
        longest = self._refresh + self._grace + 2 * ANSWER_SECONDS * len(self._held)
        return not held.configured.sealed or self._clock.monotonic() < held.renewed_at + longest

    def _settle(self) -> None:
        """Let ``root_keys`` give what there is now: another tuple only if it is other keys."""
        with self._settling:
            usable = tuple(held.root_key for held in self._held.values() if held.root_key is not None)
            if usable != self._usable:
                self._usable = usable

    def _unavailable(self, held: _Held) -> RootKeyUnavailable:
        return RootKeyUnavailable(
            f"The root key {held.configured.fingerprint} cannot be had from its provider at the moment. "
            "Nothing is lost; the server's log says why."
        )

    def unlock(self) -> None:
        """New locks, in a new process: one that another thread held when it was forked would stay held for ever."""
        self._renewing = threading.Lock()
        self._rereading = threading.Lock()
        self._settling = threading.Lock()


class Keeper:
    """The thread that renews root keys in time."""

    def __init__(self, keys: LiveRootKeys) -> None:
        self._keys = keys
        self._wake = threading.Event()
        self._stopped = False
        self._process = 0

    def start(self) -> None:
        """Begin, unless it runs in this process already."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._wake = threading.Event()
            threading.Thread(target=self._run, name="root-keys", daemon=True).start()

    def wake(self) -> None:
        """Renew now instead of later."""
        self._wake.set()

    def stop(self) -> None:
        """End: the root keys are no longer those of this process."""
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._keys.seconds_to_renewal())
            self._wake.clear()
            if self._stopped:
                return
            self._keys.renew()


def load(
    source: RootKeyProvider,
    *,
    refresh: float,
    grace: float,
    wait: float,
    on_drop: Callable[[], None],
    clock: Clock = time,
) -> LiveRootKeys:
    """The root keys of a source; a provider that cannot be reached is asked again for ``wait`` seconds.

    Raises RootKeyUnavailable after that, and at once RootKeyProblem or WrongKey, which waiting does not mend.
    """
    deadline = clock.monotonic() + wait
    while True:
        try:
            return LiveRootKeys(source, refresh=refresh, grace=grace, on_drop=on_drop, clock=clock)
        except RootKeyUnavailable as problem:
            left = deadline - clock.monotonic()
            if left <= 0:
                raise
            logger.warning("Root keys cannot be had yet; trying for %d more seconds. %s", left, problem)
            clock.sleep(min(START_RETRY_SECONDS, left))
