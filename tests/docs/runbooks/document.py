"""The commands of a runbook, and what it says one sees after each.

A block is fenced with `console`. In it,

- a line that begins with `$ ` is a command for the shell; a line that ends with a backslash goes on in the next one;
- every other line is what is seen: `…` stands for any text within a line, a line of nothing but `…` for any lines;
- `<some words>` is a value of the case at hand; `«some words»` in a line that is seen is what somebody types there.

A word after `console` says for which kind of database the block is: `postgresql` or `sqlite`. There is no other kind of
block in a runbook, so that nothing in one is left out.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

DATABASES = ("postgresql", "sqlite")
_FENCE = re.compile(r"^ {0,3}```(.*)$")
PLACEHOLDER = re.compile(r"<([a-z][\w' -]*)>")
TYPED = re.compile(r"«([a-z][\w' -]*)»")
ANY = "…"


class NotARunbook(Exception):
    """A line of a runbook that nobody could execute; the message says which."""


@dataclass(frozen=True)
class Step:
    """One command, and what is seen. `where`: file and line, for people; `section`: the heading that it is under."""

    command: str
    seen: tuple[str, ...]
    where: str
    section: str
    database: str | None

    def placeholders(self) -> set[str]:
        """What has to be known to do this."""
        text = "\n".join([self.command, *self.seen])
        return {*PLACEHOLDER.findall(text), *TYPED.findall(text)}


def steps_of(page: Path) -> list[Step]:
    """All commands of a page, in their order. Raises NotARunbook."""
    steps: list[Step] = []
    block: list[str] | None = None
    opened, database, section = 0, None, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is None:
            if block is not None:
                block.append(line)
            elif line.startswith("## "):
                section = line[3:]
        elif block is None:
            block, opened, database = [], number, _database_of(fence.group(1), f"{page.name}:{number}")
        else:
            if fence.group(1):
                raise NotARunbook(f"{page.name}:{number}: a block within a block")
            indent = min((len(each) - len(each.lstrip()) for each in block if each.strip()), default=0)
            lines = [each[indent:] for each in block]
            found = _steps(lines, page.name, opened)
            steps += [replace(step, section=section, database=database) for step in found]
            block = None
    if block is not None:
        raise NotARunbook(f"{page.name}:{opened}: a block that does not end")
    return steps


def _database_of(words: str, where: str) -> str | None:
    language, _, variant = words.partition(" ")
    if language != "console" or variant not in ("", *DATABASES):
        raise NotARunbook(f"{where}: a block of {words or 'no language'}, which nothing executes")
    return variant or None


def _steps(block: list[str], name: str, opened: int) -> list[Step]:
    steps: list[Step] = []
    going_on = False
    for number, line in enumerate(block, opened + 1):
        where = f"{name}:{number}"
        if line.startswith("$ "):
            steps.append(Step(line[2:], (), where, "", None))
        elif going_on:
            steps[-1] = replace(steps[-1], command=f"{steps[-1].command}\n{line}")
        elif not steps:
            raise NotARunbook(f"{where}: something is seen before anything was typed")
        else:
            steps[-1] = replace(steps[-1], seen=(*steps[-1].seen, line.rstrip()))
            continue
        going_on = line.endswith("\\")
    if not steps:
        raise NotARunbook(f"{name}:{opened}: a block without a command")
    return steps
