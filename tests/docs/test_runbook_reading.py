"""A runbook is read whole: a line that nobody would execute, and one that says something else, fail the tests."""

import os
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.runbooks.document import NotARunbook, steps_of
from tests.docs.runbooks.terminal import NotAsShown, perform

RUNBOOKS = ROOT / "docs" / "operators" / "runbooks"
PARTS = (
    "**When:**",
    "**What you need in hand",
    "## Steps",
    "## How you know that it worked",
    "## What it does not undo",
)


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("[a-z]*.md")), ids=lambda page: page.stem)
def test_it_says_when_it_is_for_how_one_knows_and_what_it_does_not_undo(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for part in (
        "**When:**",
        "**What you need in hand",
        "## Steps",
        "## How you know that it worked",
        "## What it does",
    ):
        assert part in text
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {step.section for step in steps_of(page)} >= {"Steps"}


@pytest.mark.parametrize(
    "block",
    [
        "```sh\nls\n```",
        "```\nls\n```",
        "```console mysql\n$ ls\n```",
        "```console\n```",
        "```console\nls\n```",
        "```console\n$ ls\n",
        "```console\n$ ls\n```console\n",
    ],
)
def test_a_line_that_nobody_would_execute_is_no_runbook(tmp_path: Path, block: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{block}\n", encoding="utf-8")
    with pytest.raises(NotARunbook):
        steps_of(page)


@pytest.mark.parametrize(
    "block",
    [
        "$ echo something else\nsomething",
        "$ echo something",
        "$ echo one; echo two\none",
        "$ true\nsomething",
        "$ false",
        "$ no-such-command\n…",
        "$ echo <nobody knows this>\n…",
        "$ printf 'Sure? '; read answer\nSure? «yes»\nThen this.",
        "$ echo no question\nSure? «yes»",
    ],
)
def test_what_is_not_as_shown_is_found(tmp_path: Path, block: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n```console\n{block}\n```\n", encoding="utf-8")
    (step,) = steps_of(page)
    with pytest.raises(NotAsShown):
        perform(step, {"yes": "yes"}, environment=dict(os.environ), folder=tmp_path)


def test_what_is_as_shown_is_typed_and_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    block = "$ printf 'Name? '; read name; \\\necho 'one'; echo \"<greeting> $name\"\nName? «a name»\n…\nHello … R.\n"
    page.write_text(f"# Page\n\n1. Step\n\n   ```console\n{block}   ```\n", encoding="utf-8")
    (step,) = steps_of(page)
    values = {"greeting": "Hello", "a name": "Ada R."}
    assert "Hello Ada R." in perform(step, values, environment=dict(os.environ), folder=tmp_path)
