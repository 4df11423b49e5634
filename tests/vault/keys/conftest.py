from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection
from pytest_django import Settings

from tests.proof.children import Companion, Surroundings
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys import keyrings
from vault.keys.lifecycle import activate, add_pending_key
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Every test begins and ends with no keyring and no root key in memory."""
    keyrings.forget()
    yield
    keyrings.forget()


@pytest.fixture
def scope() -> str:
    """The scope of an organization that nobody else has."""
    return str(uuid4())


@pytest.fixture
def use_root_keys(settings: Settings) -> Callable[..., list[RootKey]]:
    """`use_root_keys(text, …)`: from now on these are the root keys of the process, the first wraps."""

    def use(*texts: str) -> list[RootKey]:
        settings.ROOT_KEY, settings.ROOT_KEY_FILE = " ".join(texts), None
        keyrings.forget()
        return [RootKey.from_text(text) for text in texts]

    return use


@pytest.fixture
def root_key_text() -> str:
    """A root key that nothing is wrapped with yet."""
    return generate_root_key_text()


@pytest.fixture
def another_process(transactional_db: None, tmp_path: Path) -> Iterator[Companion]:
    """Another process of the same instance: `another_process.do(function, *arguments)`."""
    companion = Companion(Surroundings.of_this_test(tmp_path / "another-process.log"))
    yield companion
    companion.kill()


@pytest.fixture
def in_a_request(db: None) -> Iterator[None]:
    """As in a request that has used a key already: it does not look again at what other processes changed."""
    request_started.send(sender=in_a_request)
    keyrings.refresh()
    yield
    request_finished.send(sender=in_a_request)


def supersede(scope: str, purpose: Purpose) -> WrappedKey:
    """Rotate: the next version is the active key, the one before only reads."""
    return activate(add_pending_key(scope=scope, purpose=purpose)).active


def in_threads(*acts: Callable[[], object]) -> list[object]:
    """What each gives, or raises, when they run at once, each on a connection of its own."""
    answers: list[object] = [None] * len(acts)
    barrier = Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            answers[place] = act()
        except Exception as problem:  # noqa: BLE001 - it is what the caller looks at
            answers[place] = problem
        finally:
            connection.close()

    threads = [Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers
