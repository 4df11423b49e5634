"""The drill: an instance is lost but for a backup of its database and three of five shares on paper."""

import re
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.harness.environment import clean_environment
from tests.harness.postgresql import OWNER, ScratchPostgresql, find_binaries
from tests.vault.custody.instance import Instance
from tests.vault.custody.terminal import Terminal

pytestmark = pytest.mark.proof

EXPECTED = {f"NAME_{number}": f"canary {number}" for number in range(20)}


def told(papers: list[list[str]]) -> set[str]:
    """The words of shares that a command does not say by itself: the word list has short and common ones as well."""
    return {word for paper in papers for word in paper if len(word) > 5} - {"rebuild", "recover", "database"}


def split_on_paper(instance: Instance) -> list[list[str]]:
    """What five holders write down from the screen."""
    papers = []
    with Terminal("keys", "split", environment=instance.environment) as terminal:
        for number in range(1, 6):
            terminal.expect(f"Share {number} of 5")
            screen = terminal.expect(r"(?s)(.*?)Write these words down").group(1)
            words = {int(place): word for place, word in re.findall(r"(\d+)  ([a-z]+)", screen)}
            papers.append([words[place] for place in range(1, 34)])
            terminal.type("")
            if number == 1:  # the first holder has misread a word, and sees the share again
                terminal.expect(r"which is word \d+\?")
                terminal.type("nonsense")
                terminal.expect("Look at the share again")
                terminal.expect("Write these words down")
                terminal.type("")
            for _ in range(2):
                place = int(terminal.expect(r"which is word (\d+)\?").group(1))
                terminal.type(papers[-1][place - 1])
        assert terminal.exit_code() == 0
    assert not told(papers) & set(re.findall("[a-z]+", terminal.shown))
    return papers


def recover_at_a_terminal(host: Instance, papers: list[list[str]], *words: str) -> Terminal:
    """Three holders type what they have, one of them with a mistake at first."""
    with Terminal("keys", "recover", *words, environment=host.environment) as terminal:
        for number, paper in enumerate(papers, 1):
            terminal.expect(f"Share {number}: type its 33 words")
            if number == 2:
                terminal.type(" ".join([*paper[:6], "mistake", *paper[7:]]))
                terminal.expect("Word 7 is not one of the word list")
            terminal.type(" ".join(paper[:10]))  # over several lines, in any case
            terminal.type(" ".join(paper[10:20]).upper())
            terminal.type(" ".join(paper[20:]))
        assert terminal.exit_code() == 0, terminal.transcript
    assert not told(papers) & set(re.findall("[a-z]+", terminal.shown))
    return terminal


@pytest.fixture
def lost(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Instance, ScratchPostgresql | None]]:
    """An instance with something in it, on the database of this pass."""
    folder = tmp_path / "lost"
    folder.mkdir()
    if connection.vendor == "sqlite":
        yield Instance(folder), None
        return
    with ScratchPostgresql() as server:
        yield Instance(folder, **server.environment()), server


def test_a_backup_and_three_of_five_shares_bring_every_value_back(
    lost: tuple[Instance, ScratchPostgresql | None], tmp_path: Path
) -> None:
    instance, server = lost
    instance.seed()
    before = instance.contents()
    assert before["values"] == EXPECTED
    papers = split_on_paper(instance)
    backup = back_up(instance, server, tmp_path)

    # An empty host: nothing but the program, and as production configures it, not a single variable.
    empty = tmp_path / "empty"
    empty.mkdir()
    bare = Instance(empty, HOLDFAST_ENV="production")
    root_key = tmp_path / "recovered-root-key"
    recover_at_a_terminal(bare, [papers[4], papers[0], papers[2]], "--output", str(root_key))
    assert stat.S_IMODE(root_key.stat().st_mode) == 0o600
    assert list(empty.iterdir()) == []

    restored = restore(backup, server, empty, root_key)
    assert restored.keys("verify", "--all")["failed"] == 0
    assert restored.contents() == before


def test_it_compares_the_root_key_with_what_the_database_needs(
    lost: tuple[Instance, ScratchPostgresql | None], tmp_path: Path
) -> None:
    instance, server = lost
    instance.seed()
    shares = instance.keys("split")["shares"]
    backup = back_up(instance, server, tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    restored = restore(backup, server, empty, tmp_path / "root-key")
    document = restored.keys("recover", stdin="\n".join(shares[1:4]) + "\n")
    assert document["matches"]
    assert not document["event"]  # without a root key nothing can be written to the log
    (tmp_path / "root-key").write_text(document["text"] + "\n")
    (tmp_path / "root-key").chmod(0o600)
    assert restored.contents()["values"] == EXPECTED
    assert restored.keys("recover", stdin="\n".join(shares[:3]) + "\n")["event"]

    other = Instance(tmp_path / "other")
    (tmp_path / "other").mkdir()
    other.run("migrate", "--verbosity", "0")
    foreign = other.keys("split")["shares"]
    wrong = restored.keys("recover", stdin="\n".join(foreign[:3]) + "\n", code=1)
    assert wrong["matches"] is False
    assert restored.keys("recover", stdin="\n".join([shares[0], shares[1]]) + "\n", code=3)["exit_code"] == 3
    mixed = restored.keys("recover", stdin="\n".join([shares[0], foreign[1], shares[2]]) + "\n", code=1)
    assert "Share 2" in mixed["error"]


def back_up(instance: Instance, server: ScratchPostgresql | None, folder: Path) -> Path:
    """The database as an operator backs it up: SQLite's own backup, or `pg_dump`."""
    backup = folder / "backup"
    if server is None:
        with sqlite3.connect(instance.folder / "holdfast.sqlite3") as source, sqlite3.connect(backup) as target:
            source.backup(target)
        source.close()
        target.close()
        return backup
    program = find_binaries() / "pg_dump"
    if not program.exists():
        pytest.skip("these PostgreSQL binaries come without pg_dump")
    command = [str(program), "--format=custom", "--enable-row-security", f"--file={backup}", server.url(role=OWNER)]
    subprocess.run(command, env=clean_environment(), check=True, capture_output=True, timeout=120)
    return backup


def restore(backup: Path, server: ScratchPostgresql | None, folder: Path, root_key: Path) -> Instance:
    """The same program on another host, with that backup and a root key file."""
    if server is None:
        (folder / "holdfast.sqlite3").write_bytes(backup.read_bytes())
        return Instance(folder, HOLDFAST_ROOT_KEY_FILE=str(root_key))
    for program, *words in (
        ("psql", server.url("postgres", role=OWNER), "--command", "CREATE DATABASE restored"),
        (
            "pg_restore",
            "--no-owner",
            "--enable-row-security",
            f"--dbname={server.url('restored', role=OWNER)}",
            str(backup),
        ),
    ):
        command = [str(find_binaries() / program), *words]
        subprocess.run(command, env=clean_environment(), check=True, capture_output=True, timeout=120)
    return Instance(folder, HOLDFAST_ROOT_KEY_FILE=str(root_key), **server.environment("restored"))
