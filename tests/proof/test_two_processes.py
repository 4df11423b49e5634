"""Two app processes and a change of every key under load from both: no read and no write fails."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.proof.load import Load, edit
from tests.proof.servers import Answer, Browser, Pair, root_key_file, two_processes
from vault.crypto.rootkey import generate_root_key_text

pytestmark = pytest.mark.proof

CLIENTS = 3
NEWCOMERS = 40


def test_no_read_and_no_write_fails_while_every_key_changes(tmp_path: Path) -> None:
    roots = root_key_file(tmp_path, generate_root_key_text(), generate_root_key_text())
    with two_processes(tmp_path / "vault", HOLDFAST_ROOT_KEY_FILE=str(roots)) as pair:
        stage = pair.look("tests.proof.seed", "fill", str(CLIENTS), str(NEWCOMERS))
        with Load(pair.ports, stage, clients=CLIENTS) as load:
            pair.manage("keys", "rotate", "--all")
            _assert_that_each_process_writes_under_the_new_key(pair, stage)
            changed = pair.look("tests.proof.seed", "change")
            load.go_on_until(5)
            time.sleep(1)
        found = pair.look("tests.proof.seed", "look")
    assert not load.problems, "\n".join(load.problems[:5])
    assert min(load.done.values()) >= 5, load.done
    assert len(changed["done"]) == 8
    assert not found["wrong"]
    assert found["versions"] > load.done["writes"]
    assert not found["older"], found["keys"]


def _assert_that_each_process_writes_under_the_new_key(pair: Pair, stage: dict[str, Any]) -> None:
    """At the next request that each of them gets: these secrets are nobody else's."""

    def expect(what: str, answer: Answer, statuses: Any) -> bool:
        assert answer.status in statuses, f"{what}: {answer}"
        return True

    for index, port in enumerate(pair.ports):
        secret = stage["secrets"][CLIENTS + index]
        browser = Browser(port, stage["sessions"][CLIENTS + index])
        edit(browser, secret, 1, port=port, expect=expect)
    uids = " OR ".join(f"secret_id = '{_uid(pair, secret)}'" for secret in stage["secrets"][CLIENTS:])
    newest = f"SELECT DISTINCT SUBSTR(payload, 2, 16) FROM secrets_secretversion WHERE number = 2 AND ({uids})"  # noqa: S608 - uids
    active = f"SELECT key_id FROM keys_wrappedkey WHERE state = 'active' AND scope = '{stage['organization']}'"  # noqa: S608 - a uid
    assert pair.fetch(newest) == pair.fetch(active)


def _uid(pair: Pair, secret: dict[str, str]) -> str:
    """As the database has it."""
    return secret["uid"] if "DATABASE_URL" in pair.instance.environment else secret["uid"].replace("-", "")
