"""After every command about keys: no byte of a key and no word list is in a log, a file, a table or a message."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.browser.remains import found_in
from tests.harness.environment import ROOT
from tests.proof.load import Load
from tests.proof.servers import Pair, root_key_file, two_processes
from vault.crypto.rootkey import PREFIX, generate_root_key_text

pytestmark = pytest.mark.proof

WORDS_IN_A_ROW = 4


def test_no_byte_of_a_key_is_found_anywhere(tmp_path: Path) -> None:
    texts = [generate_root_key_text() for _ in range(3)]
    roots = root_key_file(tmp_path, *texts)
    with two_processes(tmp_path / "vault", HOLDFAST_ROOT_KEY_FILE=str(roots)) as pair:
        stage = pair.look("tests.proof.seed", "fill", "1", "3")
        with Load(pair.ports, stage, clients=1) as load:
            ran = _every_command(pair)
        refused = _started_with(pair, f"{texts[0][:-1]}{'A' if texts[0][-1] != 'A' else 'B'}")
        limits = [Path(f"/proc/{pid}/limits").read_text(encoding="ascii") for pid in _workers(pair)]
    made = json.loads(ran.stdout)
    canaries: list[str | bytes] = [
        *texts,
        *(base64.urlsafe_b64decode(text.removeprefix(PREFIX))[:32] for text in texts),
    ]
    canaries += [bytes.fromhex(material) for material in made["material"]]
    for share in made["shares"]:
        words = share.split()
        canaries += [" ".join(words[n : n + WORDS_IN_A_ROW]) for n in range(3, len(words) - WORDS_IN_A_ROW + 1)]
    more = [
        ("what commands said", "\n".join(made["said"]).encode()),
        ("what commands logged", ran.stderr.encode()),
        ("what a refused start said", refused.encode()),
    ]
    assert len(made["material"]) > 20
    assert not found_in(canaries, pair.instance, *more)
    assert found_in(["Acme"], pair.instance), "the search finds nothing at all"
    assert "not" in refused or "checksum" in refused
    assert limits
    for text in limits:
        assert "Max core file size        0                    0" in text
    # Destroyed keys end what this one client does, as they must; nothing else did.
    assert all("destroyed" in problem for problem in load.problems), load.problems


def _every_command(pair: Pair) -> "subprocess.CompletedProcess[str]":
    ran = subprocess.run(
        [sys.executable, "-m", "tests.proof.every_command"],
        cwd=ROOT, env=pair.instance.environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran


def _started_with(pair: Pair, root_key: str) -> str:
    """What is said when the root key in the environment is not one."""
    environment = {name: value for name, value in pair.instance.environment.items() if name != "HOLDFAST_ROOT_KEY_FILE"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "keys", "status"],
        cwd=ROOT, env=environment | {"HOLDFAST_ROOT_KEY": root_key}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    return ran.stdout + ran.stderr


def _workers(pair: Pair) -> list[int]:
    """The processes that hold keys."""
    ports = {f"127.0.0.1:{port}" for port in pair.ports}
    arbiters = [process for process in psutil.process_iter(["cmdline"]) if ports & set(process.info["cmdline"] or [])]
    return [child.pid for arbiter in arbiters for child in arbiter.children()]
