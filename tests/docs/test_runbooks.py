"""Every runbook is executed, line by line, on an installation that is in the trouble that it is for.

Then every value opens with its right content, or none does where that was the point.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.test_production import Database, database  # noqa: F401 - the latter is a fixture
from tests.docs.pages import ROOT
from tests.docs.runbooks.contents import SECRETS, VERSIONS
from tests.docs.runbooks.document import Step, steps_of
from tests.docs.runbooks.installation import Installation
from vault.crypto import shares
from vault.crypto.rootkey import RootKey

pytestmark = pytest.mark.proof

RUNBOOKS = ROOT / "docs" / "operators" / "runbooks"
EVERYTHING = {"Acme": SECRETS * VERSIONS, "Initech": SECRETS * VERSIONS}

Make = Callable[..., Installation]
Original = tuple[Installation, dict[str, Any]]


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> dict[str, str] | None:
    """A PostgreSQL of our own, with TLS if it is built with it, where the suite runs on PostgreSQL."""
    if os.environ.get("HOLDFAST_TEST_DATABASE") != "postgresql":
        return None
    found: Database = request.getfixturevalue("database")
    return found.server.environment(options=found.options if found.tls else "")


@pytest.fixture(scope="module")
def original(server: dict[str, str] | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """An installation with two organizations, and what its people have in their authenticators; only ever copied."""
    folder = tmp_path_factory.mktemp("original")
    holdfast = Installation(folder / "holdfast", server=server, static=folder / "static")
    holdfast.make_database()
    holdfast.manage("generate_root_key", "--output", str(holdfast.root_key_file))
    holdfast.manage("migrate", "--verbosity", "0")
    holdfast.manage("collectstatic", "--no-input", "--verbosity", "0")
    people = holdfast.contents("fill")["authenticators"]
    yield holdfast, people
    holdfast.close()


@pytest.fixture
def make(original: Original, tmp_path: Path) -> Iterator[Make]:
    """`make(name)` gives a copy of it; `make(name, empty=True)` one with an empty database and no root key."""
    template, _ = original
    made = []

    def copy(name: str, *, empty: bool = False) -> Installation:
        static = Path(template.environment["HOLDFAST_STATIC_ROOT"])
        holdfast = Installation(tmp_path / name, server=template.server, static=static)
        made.append(holdfast)
        holdfast.make_database(like=None if empty else template)
        if not empty:
            holdfast.root_key_file.write_bytes(template.root_key_file.read_bytes())
            holdfast.root_key_file.chmod(0o600)
        return holdfast

    yield copy
    for each in made:
        each.close()


@pytest.fixture
def holdfast(make: Make) -> Installation:
    """An installation in which all is well."""
    return make("holdfast")


def runbook(name: str) -> list[Step]:
    """The steps of one of the pages."""
    return steps_of(RUNBOOKS / f"{name}.md")


def opens_everything(holdfast: Installation, original: Original) -> dict[str, Any]:
    """Asserts that every value and every authenticator is what it was. Gives all that was found."""
    found: dict[str, Any] = holdfast.contents("look")
    assert (found["wrong"], found["closed"]) == ([], [])
    assert found["right"] == EVERYTHING
    assert found["authenticators"] == original[1]
    return found


LAST_MONTH = f"{datetime.now(UTC).date() - timedelta(days=30)}"
needs_sqlite3 = pytest.mark.skipif(
    os.environ.get("HOLDFAST_TEST_DATABASE") != "postgresql" and shutil.which("sqlite3") is None,
    reason="backups of SQLite are made with its program sqlite3, which is not installed",
)
BACKING_UP = [step for step in runbook("restore") if step.section == "Make a backup"]
RESTORING = [step for step in runbook("restore") if step not in BACKING_UP]


def test_every_runbook_is_executed_here() -> None:
    executed = set(re.findall(r'runbook\(\s*"([a-z-]+)"', Path(__file__).read_text(encoding="utf-8")))
    assert {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"} == executed


def shares_of(holdfast: Installation) -> list[str]:
    """Five shares of its root key, of which three are enough, as their holders wrote them down."""
    words: list[str] = json.loads(holdfast.manage("keys", "split", "--json", "--shares", "5", "--threshold", "3"))[
        "shares"
    ]
    return words


def back_up(holdfast: Installation) -> Path:
    """The database as an operator has it in a backup."""
    backup = holdfast.folder / "backup"
    steps = [step for step in BACKING_UP if step.placeholders() == {"the backup"}]
    holdfast.follow(steps, {"the backup": str(backup)})
    return backup


def fingerprint_in(file: Path) -> str:
    """Of the root key in a file with one."""
    return RootKey.from_text(file.read_text(encoding="ascii").strip()).fingerprint


@needs_sqlite3
def test_a_lost_root_key_is_rebuilt_on_an_empty_host(make: Make, original: Original) -> None:
    lost = make("lost")
    words = shares_of(lost)
    backup = back_up(lost)
    lost.close()
    holdfast = make("empty", empty=True)
    holdfast.follow(
        runbook("lost-root-key"),
        {
            "the backup": str(backup),
            "the words of one holder": words[4],
            "the words of a second holder": words[0],
            "the words of a third holder": words[2],
        },
    )
    opens_everything(holdfast, original)


def test_a_compromised_organization_key_is_replaced(holdfast: Installation, original: Original) -> None:
    old = key_of(holdfast, "acme")["fingerprint"]
    holdfast.systemctl("start")
    holdfast.follow(
        runbook("compromised-tenant-key"),
        {
            "the organization": "acme",
            "a day": LAST_MONTH,
            "y": "y",
            "the report": str(holdfast.folder / "report.txt"),
            "fingerprint of the old key": old,
        },
    )
    found = opens_everything(holdfast, original)
    assert old in {key["fingerprint"] for key in found["keys"] if key["state"] == "destroyed"}
    report = (holdfast.folder / "report.txt").read_text(encoding="utf-8")
    assert old in report
    assert "alice@example.com" in report or "Alice" in report


def test_a_compromised_root_key_is_replaced(holdfast: Installation, original: Original) -> None:
    holdfast.systemctl("start")
    before = {key["fingerprint"] for key in holdfast.contents("look")["keys"]}
    new = holdfast.folder / "new-root-key"
    old = fingerprint_in(holdfast.root_key_file)
    holdfast.follow(
        runbook("compromised-root-key"),
        {
            "the new file": str(new),
            "a day": LAST_MONTH,
            "y": "y",
            "the report": str(holdfast.folder / "report.txt"),
            "fingerprint of the old root key": old,
            "fingerprint of the new root key": lambda _: fingerprint_in(new),
        },
    )
    found = opens_everything(holdfast, original)
    assert {key["root_key"] for key in found["keys"]} == {fingerprint_in(new)}
    active = {key["fingerprint"] for key in found["keys"] if key["state"] == "active"}
    assert not active & before


def test_the_root_key_is_replaced_while_the_server_runs(holdfast: Installation, original: Original) -> None:
    holdfast.systemctl("start")
    new, now = holdfast.folder / "new-root-key", holdfast.root_key_file
    holdfast.follow(
        runbook("rotate-the-root-key"),
        {
            "the new file": str(new),
            "fingerprint of the new root key": lambda _: fingerprint_in(
                new if new.exists() else holdfast.root_key_file
            ),
        },
    )
    found = opens_everything(holdfast, original)
    assert {key["root_key"] for key in found["keys"]} == {fingerprint_in(now)}


def test_the_root_key_is_split_among_people(holdfast: Installation, original: Original) -> None:
    written: list[str] = []

    def enter(seen: str) -> str:
        written.append(words_shown_last(seen))
        return ""

    def word_asked_for(seen: str) -> str:
        return written[-1].split()[int(re.findall(r"which is word (\d+)", seen)[-1]) - 1]

    holdfast.follow(
        runbook("split-the-root-key"),
        {"enter": enter, "the word asked for": word_asked_for, "the words of a holder": lambda _: written[1]},
    )
    rebuilt = RootKey.from_text(shares.combine(written[1:]))
    assert rebuilt.fingerprint == fingerprint_in(holdfast.root_key_file)
    opens_everything(holdfast, original)


def words_shown_last(seen: str) -> str:
    """The share that is on the terminal, as its holder writes it down."""
    numbered = re.findall(r"(\d+)  ([a-z]+)", seen[seen.rindex("For one holder's eyes only.") :])
    return " ".join(word for _, word in sorted(numbered, key=lambda found: int(found[0])))


def test_the_keys_of_an_organization_are_destroyed(holdfast: Installation, original: Original) -> None:
    holdfast.contents("approve")
    holdfast.follow(
        runbook("shred-an-organization"),
        {"the organization": "acme", "its name": "Acme"},
    )
    found = holdfast.contents("look")
    assert (found["right"], found["wrong"]) == ({"Initech": EVERYTHING["Initech"]}, [])
    assert len(found["closed"]) == EVERYTHING["Acme"]
    assert found["authenticators"] == original[1]


@needs_sqlite3
def test_a_backup_is_restored(make: Make, original: Original) -> None:
    damaged = make("damaged")
    values = {word: str(damaged.folder / word.replace(" ", "-")) for word in ("the backup", "the rows", "the keys")}
    damaged.follow(BACKING_UP, values)
    damaged.close()
    holdfast = without_database(make, damaged)
    holdfast.follow(RESTORING, values)
    opens_everything(holdfast, original)


@needs_sqlite3
def test_a_key_that_was_destroyed_since_stays_destroyed_when_older_rows_are_restored(make: Make) -> None:
    damaged = make("damaged")
    values = {word: str(damaged.folder / word.replace(" ", "-")) for word in ("the backup", "the rows", "the keys")}
    of_the_keys = [step for step in BACKING_UP if "the keys" in step.placeholders()]
    damaged.follow([step for step in BACKING_UP if step not in of_the_keys], values)
    damaged.contents("approve")
    damaged.manage("keys", "shred", "--org", "acme", "--confirm", "Acme")
    damaged.follow(of_the_keys, values)
    damaged.close()
    holdfast = without_database(make, damaged)
    # The page says that a verification does not hold then: who agreed to the shredding is in newer rows.
    verifying = next(number for number, step in enumerate(RESTORING) if "keys verify" in step.command)
    holdfast.follow(RESTORING[:verifying], values)
    found = holdfast.contents("look")
    assert found["right"] == {"Initech": EVERYTHING["Initech"]}
    assert len(found["closed"]) == EVERYTHING["Acme"]


def without_database(make: Make, damaged: Installation) -> Installation:
    """An installation with the root key of another one, and nothing else of it."""
    holdfast = make("empty", empty=True)
    holdfast.root_key_file.write_bytes(damaged.root_key_file.read_bytes())
    holdfast.root_key_file.chmod(0o600)
    return holdfast


def key_of(holdfast: Installation, slug: str) -> dict[str, Any]:
    """The active key of an organization."""
    found = holdfast.contents("look")
    scope = next(uid for uid, each in found["organizations"].items() if each == slug)
    (key,) = [key for key in found["keys"] if key["scope"] == scope and key["state"] == "active"]
    return dict(key)
