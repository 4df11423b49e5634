"""What the commands show to somebody at a terminal, and to nobody else."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.environment import ROOT
from tests.vault.custody.instance import Instance
from tests.vault.custody.terminal import Terminal
from vault.crypto.rootkey import generate_root_key_text


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """On SQLite: what a terminal shows does not depend on the database."""
    made = Instance(tmp_path_factory.mktemp("instance"))
    made.seed()
    return made


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("HOLDFAST_TEST_DATABASE", "sqlite") != "sqlite", reason="one database is enough for a terminal"
    ),
]


def test_it_draws_a_bar_and_says_what_it_did(instance: Instance) -> None:
    with Terminal("keys", "reencrypt", "--org", "acme", environment=instance.environment) as terminal:
        assert terminal.exit_code() == 0
    assert re.search(r"Acme \[#+\] 20/20", terminal.transcript)
    assert "Acme: 20 data values moved to the active key." in terminal.transcript
    assert "is at work on it" not in terminal.transcript


@pytest.mark.parametrize(
    ("words", "label"),
    [
        (["rotate", "--all"], "Making keys"),
        (["retire", "--all"], "Retiring keys"),
        (["rotate-root"], "Wrapping keys"),
        (["rotate-root", "--finish"], "Giving up the other wrapping"),
        (["verify", "--all"], "Opening values"),
        (["compromise", "--org", "initech", "--yes"], "Encrypting anew"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_whatever_takes_long_draws_one(instance: Instance, words: list[str], label: str) -> None:
    if words == ["rotate-root"]:
        with (instance.folder / "development-root-key").open("a", encoding="ascii") as file:
            file.write(f"{generate_root_key_text()}\n")
    with Terminal("keys", *words, environment=instance.environment) as terminal:
        assert terminal.exit_code() == 0, terminal.transcript
    assert re.search(rf"{label} \[#*\] (\d+)/\1\r?\n", terminal.transcript), terminal.transcript


def test_it_draws_none_for_a_pipe_and_none_with_json(instance: Instance) -> None:
    assert "[#" not in instance.run("keys", "verify")
    with Terminal("keys", "verify", "--json", environment=instance.environment) as terminal:
        assert terminal.exit_code() == 0
    assert terminal.transcript.startswith("{")
    assert terminal.transcript.count("\n") == 1


def test_it_asks_before_a_compromise_and_takes_no_for_an_answer(instance: Instance) -> None:
    with Terminal("keys", "compromise", "--org", "acme", environment=instance.environment) as terminal:
        terminal.expect(r"Go on\? \[y/N\]")
        terminal.type("")
        assert terminal.exit_code() == 3
    assert "Nothing was done" in terminal.transcript


def test_destroying_asks_for_the_fingerprint(instance: Instance) -> None:
    instance.run("keys", "reencrypt", "--org", "acme")
    keys = instance.keys("status", "--org", "acme")["keys"]
    retired = next(key["fingerprint"] for key in keys if key["state"] == "retired")
    for typed, code in (("something else", 3), (retired, 0)):
        with Terminal("keys", "destroy", retired, environment=instance.environment) as terminal:
            terminal.expect("Type the fingerprint")
            terminal.type(typed)
            assert terminal.exit_code() == code


def test_an_interrupted_split_leaves_no_word_on_the_screen(instance: Instance) -> None:
    with Terminal("keys", "split", environment=instance.environment) as terminal:
        terminal.expect("Share 1 of 5")
        terminal.expect("Write these words down")
        terminal.interrupt()
        assert terminal.exit_code() == 130
    assert "academic" not in terminal.shown
    assert "run it again to go on." in terminal.transcript
    assert "Traceback" not in terminal.transcript


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_one_that_is_ended_leaves_no_word_on_the_screen(instance: Instance, number: signal.Signals) -> None:
    with Terminal("keys", "split", "--yes", environment=instance.environment) as terminal:
        terminal.expect("Write these words down")
        terminal.interrupt(number)
        assert terminal.exit_code() == 128 + number
    assert "academic" in terminal.transcript
    assert "academic" not in terminal.shown
    assert "Traceback" not in terminal.transcript


def test_wrong_usage_names_the_subcommands(instance: Instance) -> None:
    with Terminal("keys", "nonsense", environment=instance.environment) as terminal:
        assert terminal.exit_code() == 2
    assert "escrow-check" in terminal.transcript


def test_a_report_is_checked_where_there_is_nothing_but_the_key(instance: Instance, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    document = instance.keys("compromise", "--org", "initech", "--yes", "--output", str(report))
    elsewhere = Instance(tmp_path / "nothing", HOLDFAST_ENV="production")
    assert elsewhere.keys("verify-report", str(report), "--key", document["verifier"])["valid"]
    assert not (tmp_path / "nothing").exists()
    elsewhere.keys("verify-report", str(report), code=1)


def test_no_share_goes_to_a_file_of_errors(instance: Instance, tmp_path: Path) -> None:
    """Words are shown on standard error, which people send to files."""
    errors = tmp_path / "errors.log"
    with Terminal("keys", "split", environment=instance.environment, errors=errors) as terminal:
        assert terminal.exit_code() == 3
    assert "redirected" in errors.read_text()
    assert "academic" not in errors.read_text() + terminal.transcript


@pytest.mark.parametrize("subcommand", ["recover", "escrow-check"])
def test_no_share_is_typed_where_it_cannot_be_wiped(instance: Instance, tmp_path: Path, subcommand: str) -> None:
    errors = tmp_path / "errors.log"
    with Terminal("keys", subcommand, environment=instance.environment, errors=errors) as terminal:
        assert terminal.exit_code() == 3
    assert "Standard error must be the terminal" in errors.read_text()


def test_words_stand_apart_from_their_heading(instance: Instance) -> None:
    with Terminal("keys", "split", "--yes", environment=instance.environment) as terminal:
        assert terminal.expect(r"For one holder's eyes only\.(\s+)1  ").group(1).count("\n") == 2


def test_a_closed_input_is_an_end_of_the_input(instance: Instance) -> None:
    words = [sys.executable, str(ROOT / "manage.py"), "keys"]
    for subcommand, said in (("escrow-check", "Share 1 is missing"), ("split", "this is none")):
        ran = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *words, subcommand],
            env=instance.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 3, ran.stderr
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr
