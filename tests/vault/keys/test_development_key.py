import logging
import os
import stat
import threading
from pathlib import Path

import pytest
from pytest_django import Settings

from vault.crypto.rootkey import RootKey
from vault.keys.development import create_development_root_key, is_development_root_key
from vault.keys.providers import FileProvider, RootKeyProblem, configured_provider


@pytest.fixture
def path(settings: Settings, tmp_path: Path) -> Path:
    """The default file of an instance that was never started."""
    settings.VAR_DIR = tmp_path / "var"
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = None, tmp_path / "var" / "development-root-key"
    settings.PRODUCTION = False
    return tmp_path / "var" / "development-root-key"


def test_it_makes_a_key_on_first_use_that_only_its_owner_can_read(path: Path) -> None:
    before = os.umask(0)
    try:
        configured_provider()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_the_key_survives_a_restart(path: Path) -> None:
    first = configured_provider().root_keys()
    assert [key.key_id for key in configured_provider().root_keys()] == [key.key_id for key in first]


def test_it_warns_loudly_once_and_shows_no_key(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="vault.keys.development"):
        configured_provider()
        configured_provider()
    assert len(caplog.records) == 1
    message = caplog.records[0].getMessage()
    assert "DEVELOPMENT ROOT KEY" in message
    assert str(path) in message
    text = path.read_text().splitlines()[-1]
    assert text[8:] not in message


def test_processes_that_start_together_agree_on_one_key(path: Path) -> None:
    barrier = threading.Barrier(8)
    made: list[bool] = []
    ids: list[bytes] = []

    def start() -> None:
        barrier.wait()
        made.append(create_development_root_key(path))
        ids.append(FileProvider(path).root_keys()[0].key_id)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert len(set(ids)) == 1


def test_production_never_makes_one_up(path: Path, settings: Settings) -> None:
    settings.PRODUCTION = True
    assert not is_development_root_key(path)
    with pytest.raises(RootKeyProblem, match="cannot be read"):
        configured_provider().root_keys()
    assert not path.exists()


def test_a_file_that_somebody_named_is_never_made_up(path: Path, settings: Settings) -> None:
    settings.ROOT_KEY_FILE = path.parent / "mine"
    with pytest.raises(RootKeyProblem, match="cannot be read"):
        configured_provider().root_keys()
    assert not path.parent.exists()


def test_an_existing_key_is_left_alone(path: Path) -> None:
    configured_provider()
    before = path.read_bytes()
    assert create_development_root_key(path) is False
    assert path.read_bytes() == before
    assert RootKey.from_text(before.decode().splitlines()[-1]).key_id == FileProvider(path).root_keys()[0].key_id
