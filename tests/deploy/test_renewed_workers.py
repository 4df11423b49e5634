"""A worker that is renewed while root keys cannot be had takes nobody else with it."""

import importlib.util
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from pytest_django import Settings

from tests.deploy.instance import Instance
from tests.harness.environment import ROOT
from vault.crypto.rootkey import generate_root_key_text
from vault.keys import keyrings

pytestmark = pytest.mark.slow


@pytest.fixture
def root_key_file(tmp_path: Path) -> Path:
    path = tmp_path / "root-key"
    path.write_text(generate_root_key_text() + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


@pytest.fixture
def served(tmp_path: Path, root_key_file: Path) -> Iterator[Instance]:
    with Instance(tmp_path, HOLDFAST_ROOT_KEY_FILE=str(root_key_file), HOLDFAST_THREADS="1") as running:
        yield running


def _workers(served: Instance) -> set[int]:
    return {process.pid for process in psutil.Process(served.process.pid).children()}


def _until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return met


def test_the_others_go_on_and_a_new_one_comes_when_they_can_be_had_again(served: Instance, root_key_file: Path) -> None:
    first = _workers(served)
    assert len(first) == 2
    assert served.get("/readyz")[0] == 200
    root_key_file.chmod(0o644)  # which is refused
    gone = first.pop()
    os.kill(gone, signal.SIGTERM)
    assert _until(lambda: "is open to other users" in served.output)
    assert not _until(lambda: served.process.poll() is not None, seconds=3)
    assert served.get("/readyz")[0] == 200
    assert first <= _workers(served)
    root_key_file.chmod(0o600)
    assert _until(lambda: served.output.count("is open to other users") > 0 and len(_workers(served) - {gone}) == 2)
    assert served.get("/readyz")[0] == 200


def test_a_worker_is_not_renewed_while_its_successor_could_not_have_the_root_keys(
    root_key_file: Path, settings: Settings
) -> None:
    spec = importlib.util.spec_from_file_location("configuration", ROOT / "deploy" / "gunicorn.conf.py")
    assert spec is not None
    assert spec.loader is not None
    configuration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(configuration)
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = None, root_key_file
    keyrings.forget()
    try:
        worker = SimpleNamespace(nr=1998, max_requests=2000)
        root_key_file.chmod(0o644)
        configuration.pre_request(worker, None)
        assert worker.max_requests == 2000  # not its last request

        worker.nr = 1999
        root_key_file.chmod(0o600)
        configuration.pre_request(worker, None)
        assert worker.max_requests == 2000

        root_key_file.chmod(0o644)
        configuration.pre_request(worker, None)
        assert worker.max_requests == 2000 + configuration.PUT_OFF_REQUESTS
    finally:
        keyrings.forget()
