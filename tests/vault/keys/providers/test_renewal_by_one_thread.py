"""Renewal is one thread's work, and nobody waits for it: not for a provider that hangs, not for one that is slow."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.vault.keys.providers.clock import TestClock
from tests.vault.keys.providers.hsm import Hsm
from tests.vault.keys.providers.service import wait_until
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys import providers
from vault.keys.providers import RootKeyUnavailable, configured_provider, live, remote
from vault.keys.providers.live import LiveRootKeys


class Answers:
    """Stands between us and the real module, to hold an answer back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may_come = threading.Event()
        self.may_come.set()
        self.asked = 0
        real = remote.remote_provider

        def held_back(name: str) -> remote.RemoteProvider:
            self.asked += 1
            self.may_come.wait(30)
            return real(name)

        monkeypatch.setattr(remote, "remote_provider", held_back)


@pytest.fixture
def text(
    hsm: Hsm, configure: Callable[[dict[str, str]], None], root_key_file: Callable[..., Path], settings: Settings
) -> str:
    configure(hsm.settings())
    text = generate_root_key_text()
    root_key_file(remote.seal("pkcs11", text).text)
    settings.ROOT_KEY_REFRESH_SECONDS, settings.ROOT_KEY_GRACE_SECONDS = 1, 1
    providers.forget()
    return text


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    answers = Answers(monkeypatch)
    yield answers
    answers.may_come.set()
    for asking in remote._asking.values():  # or the next test meets a provider that has not answered yet
        asking.join(30)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(live, "ANSWER_SECONDS", 0.3)


def test_a_provider_that_never_answers_counts_as_one_that_fails(text: str, answers: Answers) -> None:
    dropped = threading.Event()
    providers.on_dropped(dropped.set)
    providers.root_keys()
    dropped.clear()
    answers.may_come.clear()
    wait_until(dropped.is_set, seconds=10, why="nothing was dropped")
    with pytest.raises(RootKeyUnavailable):
        providers.root_keys()
    asked = answers.asked
    time.sleep(1.5)
    assert answers.asked == asked, "a module that hangs is asked again before it has come back"

    answers.may_come.set()
    wait_until(_are_there, seconds=20, why="they were never had again")


def _are_there() -> bool:
    try:
        return bool(providers.root_keys())
    except RootKeyUnavailable:
        return False


def test_nobody_waits_while_a_provider_thinks(
    text: str, answers: Answers, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_KEY_GRACE_SECONDS = 600
    for module in (remote, live):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 30)  # whoever waited would do so for as long
    providers.forget()
    first = providers.root_keys()
    before = answers.asked
    answers.may_come.clear()
    wait_until(lambda: answers.asked > before, seconds=10, why="nobody renewed")
    started = time.monotonic()
    for _ in range(1000):
        assert providers.root_keys() is first
    assert time.monotonic() - started < 15


def test_their_time_ends_even_if_the_thread_that_renews_should_hang(text: str) -> None:
    clock = TestClock()
    kept = LiveRootKeys(configured_provider(), refresh=300, grace=60, on_drop=lambda: None, clock=clock)
    clock.now += 359
    assert kept.root_keys()
    clock.now += 10
    with pytest.raises(RootKeyUnavailable):
        kept.root_keys()


def test_two_threads_that_renew_ask_once(text: str, answers: Answers) -> None:
    kept = LiveRootKeys(configured_provider(), refresh=300, grace=60, on_drop=lambda: None)
    before = answers.asked
    answers.may_come.clear()
    threads = [threading.Thread(target=kept.renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    answers.may_come.set()
    for thread in threads:
        thread.join()
    assert answers.asked == before + 1


def test_a_process_that_is_forked_renews_for_itself(text: str) -> None:
    providers.root_keys()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        renews = any(thread.name == "root-keys" for thread in threading.enumerate())
        os.write(writing, b"y" if renews and providers.root_keys() else b"n")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b"y"
    os.close(reading)
    os.close(writing)


def test_no_thread_runs_for_root_keys_in_plain_text(root_key_file: Callable[..., Path]) -> None:
    root_key_file(generate_root_key_text())
    providers.forget()
    wait_until(
        lambda: "root-keys" not in {thread.name for thread in threading.enumerate()}, seconds=5, why="it goes on"
    )
    providers.root_keys()
    assert "root-keys" not in {thread.name for thread in threading.enumerate()}


def test_a_root_key_that_is_added_is_found_without_a_restart(text: str, root_key_file: Callable[..., Path]) -> None:
    sealed = remote.seal("pkcs11", text).text
    providers.root_keys()
    plain, other = generate_root_key_text(), generate_root_key_text()
    ids = {name: RootKey.from_text(each).key_id for name, each in (("plain", plain), ("sealed", other))}
    assert providers.root_key(ids["plain"]) is None

    time.sleep(live.REREAD_SECONDS)
    root_key_file(sealed, plain, remote.seal("pkcs11", other).text)
    found = providers.root_key(ids["plain"])
    assert found is not None
    assert found.key_id == ids["plain"]

    def is_unsealed() -> bool:
        try:
            return providers.root_key(ids["sealed"]) is not None
        except RootKeyUnavailable:
            return False

    wait_until(is_unsealed, seconds=10, why="the sealed one was not unsealed")
    assert [key.key_id for key in providers.root_keys()] == [RootKey.from_text(text).key_id, *ids.values()]


def test_a_source_that_cannot_be_read_any_more_takes_nothing_away(
    text: str, root_key_file: Callable[..., Path]
) -> None:
    first = providers.root_keys()
    root_key_file("nonsense").chmod(0o644)
    assert providers.root_key(bytes(16)) is None
    assert providers.root_keys() is first


def test_what_a_library_did_not_foresee_counts_as_a_failure(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = LiveRootKeys(configured_provider(), refresh=300, grace=60, on_drop=lambda: None)

    def fail(name: str) -> remote.RemoteProvider:
        raise KeyError("an answer of another version")

    monkeypatch.setattr(remote, "remote_provider", fail)
    kept.renew()
    assert kept.root_keys()
    with pytest.raises(RootKeyUnavailable, match=r"The provider pkcs11 failed \(KeyError\)"):
        configured_provider().root_keys()


def test_a_root_key_that_is_added_is_found_while_a_provider_thinks(
    text: str, answers: Answers, root_key_file: Callable[..., Path]
) -> None:
    kept = LiveRootKeys(configured_provider(), refresh=300, grace=60, on_drop=lambda: None)
    plain = generate_root_key_text()
    root_key_file(remote.seal("pkcs11", text).text, plain)
    answers.may_come.clear()
    renewing = threading.Thread(target=kept.renew)
    renewing.start()
    found = kept.root_key(RootKey.from_text(plain).key_id)
    answers.may_come.set()
    renewing.join()
    assert found is not None
    assert [key.key_id for key in kept.root_keys()] == [RootKey.from_text(each).key_id for each in (text, plain)]


def test_a_machine_that_has_no_thread_left_fails_like_a_provider(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, dropped = TestClock(), []
    kept = LiveRootKeys(configured_provider(), refresh=300, grace=60, on_drop=lambda: dropped.append(True), clock=clock)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("unseal"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    kept.renew()
    assert kept.root_keys()
    clock.now += 61
    kept.renew()
    assert dropped
    with pytest.raises(RootKeyUnavailable):
        kept.root_keys()
    monkeypatch.undo()
    kept.renew()
    assert kept.root_keys()
