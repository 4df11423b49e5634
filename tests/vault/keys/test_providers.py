import os
from itertools import count
from pathlib import Path

import pytest
from pytest_django import Settings

from vault.crypto.rootkey import PREFIX, RootKey, generate_root_key_text
from vault.keys.providers import EnvironmentProvider, FileProvider, RootKeyProblem, configured_provider, root_keys

ONE, TWO, THREE = (generate_root_key_text() for _ in range(3))


def _ids(*texts: str) -> list[bytes]:
    return [RootKey.from_text(text).key_id for text in texts]


def _file(folder: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "root-key"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", [f"{ONE} {TWO} {THREE}", f"{ONE},{TWO},{THREE}", f"\n {ONE} ,\n\t{TWO}\n,{THREE}\n"])
def test_it_reads_several_keys_from_the_environment_in_their_order(text: str) -> None:
    assert [key.key_id for key in EnvironmentProvider(text).root_keys()] == _ids(ONE, TWO, THREE)


def test_it_reads_several_keys_from_a_file_and_skips_comments(tmp_path: Path) -> None:
    path = _file(tmp_path, f"# the new one\r\n{ONE}\r\n\r\n  # until June\n  {TWO}  \n")
    assert [key.key_id for key in FileProvider(path).root_keys()] == _ids(ONE, TWO)


def test_it_reads_a_file_that_an_editor_began_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = _file(tmp_path, b"\xef\xbb\xbf" + ONE.encode())
    assert [key.key_id for key in FileProvider(path).root_keys()] == _ids(ONE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ONE} {TWO[:-1]}", "HOLDFAST_ROOT_KEY, entry 2: a root key has 56 characters, this text has 55"),
        (TWO.replace("hfroot1-", "", 1), "HOLDFAST_ROOT_KEY, entry 1: a root key begins with"),
        (f"{ONE},{ONE}", f"entry 2: the root key {RootKey.from_text(ONE).fingerprint} is there twice"),
        (" , ", "HOLDFAST_ROOT_KEY holds no root key"),
    ],
    ids=count(),  # the keys are other ones in every process, and names of cases must not be
)
def test_it_names_the_entry_that_is_wrong_and_not_its_text(text: str, said: str) -> None:
    with pytest.raises(RootKeyProblem) as caught:
        EnvironmentProvider(text).root_keys()
    assert said in str(caught.value)
    _says_nothing_of(str(caught.value), ONE, TWO)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"# first\n\n{ONE}\n{TWO[:30]}\n", "line 4: a root key has 56 characters, this text has 30"),
        (f"{ONE}\n{TWO[:-1]}!\n", "line 2: it has a character that a root key cannot have"),
        (f"{ONE} # mine\n", "line 1: a root key has 56 characters"),
        ("# nothing\n", "holds no root key"),
        ("", "holds no root key"),
        (b"\xff\xfe\x00" * 20, "is not a text file"),
        (b"a" * 70_000, "is too large"),
    ],
    ids=count(),
)
def test_it_names_the_line_that_is_wrong_and_not_its_text(content: str | bytes, said: str, tmp_path: Path) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(RootKeyProblem) as caught:
        FileProvider(path).root_keys()
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    _says_nothing_of(str(caught.value), ONE, TWO)


def _says_nothing_of(message: str, *texts: str) -> None:
    for text in texts:
        for start in range(8, len(text) - 6):
            assert text[start : start + 6] not in message


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o666, 0o610])
def test_it_refuses_a_file_that_others_can_reach(mode: int, tmp_path: Path) -> None:
    path = _file(tmp_path, ONE, mode)
    with pytest.raises(RootKeyProblem, match=f"mode {mode:04o}.*chmod 600"):
        FileProvider(path).root_keys()


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_it_takes_a_file_that_only_its_owner_can_reach(mode: int, tmp_path: Path) -> None:
    assert FileProvider(_file(tmp_path, ONE, mode)).root_keys()


def test_it_takes_a_readable_file_where_the_orchestrator_keeps_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path, ONE, 0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert FileProvider(path).root_keys()
    path.chmod(0o664)
    with pytest.raises(RootKeyProblem, match="open to other users"):
        FileProvider(path).root_keys()


def test_it_follows_the_links_of_a_mounted_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Kubernetes: root-key -> ..data/root-key, ..data -> ..2026_11_22
    data = tmp_path / "..2026_11_22"
    data.mkdir()
    _file(data, ONE, 0o644)
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "root-key").symlink_to("..data/root-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert FileProvider(tmp_path / "root-key").root_keys()


def test_it_says_that_a_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RootKeyProblem, match=r"cannot be read .No such file.*HOLDFAST_ROOT_KEY_FILE"):
        FileProvider(tmp_path / "nothing").root_keys()


def test_it_does_not_read_a_folder_or_a_pipe(tmp_path: Path) -> None:
    with pytest.raises(RootKeyProblem):
        FileProvider(tmp_path).root_keys()
    with pytest.raises(RootKeyProblem, match="not a regular file"):
        FileProvider(Path(os.devnull)).root_keys()


def test_it_does_not_guess_between_a_file_and_a_text(settings: Settings, tmp_path: Path) -> None:
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = ONE, tmp_path / "root-key"
    with pytest.raises(RootKeyProblem, match="Both HOLDFAST_ROOT_KEY and HOLDFAST_ROOT_KEY_FILE"):
        configured_provider()


def test_it_says_what_to_do_when_there_is_no_root_key(settings: Settings) -> None:
    settings.ROOT_KEY = settings.ROOT_KEY_FILE = None
    with pytest.raises(RootKeyProblem, match=r"There is no root key\. Make one with `manage.py generate_root_key`"):
        configured_provider()


def test_the_process_reads_its_root_keys_once(settings: Settings, tmp_path: Path) -> None:
    path = _file(tmp_path, ONE)
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = None, path
    first = root_keys()
    path.unlink()
    assert root_keys() is first


def test_no_provider_shows_a_key() -> None:
    assert ONE[8:14] not in repr(EnvironmentProvider(ONE))


def test_it_repeats_no_root_key_that_was_given_for_the_name_of_a_file(settings: Settings) -> None:
    text = generate_root_key_text()
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = None, Path(text)
    with pytest.raises(RootKeyProblem, match="HOLDFAST_ROOT_KEY_FILE holds the text of a root key") as problem:
        configured_provider()
    assert text[len(PREFIX) :] not in str(problem.value)
