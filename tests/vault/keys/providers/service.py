"""What the tests need of a real provider: a key service, or a security module, that can be had and taken away."""

import subprocess
import time
from collections.abc import Callable
from typing import Protocol

START_SECONDS = 60


class Service(Protocol):
    """One provider that really runs."""

    name: str
    """As in sealed texts."""

    def settings(self) -> dict[str, str]:
        """The settings that let Holdfast use it, without the prefix HOLDFAST_, and AWS's own variables."""
        ...

    def other_key(self) -> dict[str, str]:
        """The settings that differ to use another key of the same service."""
        ...

    def go(self) -> None:
        """Make it unreachable."""
        ...

    def come_back(self) -> None:
        """Undo ``go``: with the same keys."""
        ...

    def revoke(self) -> None:
        """Take away the permission to decrypt."""
        ...

    def grant(self) -> None:
        """Undo ``revoke``."""
        ...


def wait_until(ready: Callable[[], bool], *, seconds: float = START_SECONDS, why: str) -> None:
    """Return as soon as ``ready()``; AssertionError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started."""
    process.kill()
    process.wait()
