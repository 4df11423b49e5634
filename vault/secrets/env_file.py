"""Reading a `.env` file, the way the world's other tools do: python-dotenv's parser, and nothing is interpolated.

What is a value, a name or a mistake is decided line by line; a line that cannot be imported is reported, never dropped.
The limits keep what somebody pastes from costing more than it is worth.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dotenv.parser import Binding, parse_stream

SIZE_LIMIT = 1024 * 1024
"""Bytes of UTF-8 in one file."""
ENTRY_LIMIT = 1000
"""Names in one import; as many lines that cannot be imported are listed, for somebody to read and mend."""
BINDING_LIMIT = 10_000
"""Bindings and comments in one file. The parser takes about 30 µs for each, so a file of short ones would keep a server
busy for half a minute; there is nothing to import in such a file anyway."""
BLANKS_LIMIT = 200
"""Blanks in a row: python-dotenv looks for `blanks #` from each blank anew, which is quadratic in their number."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")
_BLANKS = re.compile(r"[^\S\n]+")
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]+-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]+-----")


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; the message is a sentence for the person and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`name` is to hold `value`; `line` counts from 1. The value stays out of `repr`."""

    line: int
    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that cannot be imported, and why. `name` is there when the line has a usable one."""

    line: int
    reason: str
    name: str = ""


class EnvFile(NamedTuple):
    """What a file holds: each name once among the entries; names given twice are mistakes."""

    entries: list[Entry]
    mistakes: list[Mistake]


def decode(raw: bytes) -> str:
    """The text of an uploaded file: UTF-8, with or without a byte order mark. Raises UnreadableFile."""
    if len(raw) > SIZE_LIMIT:
        raise UnreadableFile(f"The file is larger than {SIZE_LIMIT // 1024 // 1024} MiB. Import it in parts.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"Line {line} is not UTF-8 text. Save the file as UTF-8 and try again.") from None


def normalize(text: str) -> str:
    """`text` with line feeds only, as Python and python-dotenv open a text file (universal newlines), without a byte
    order mark. Raises UnreadableFile if it is too large or has what no `.env` file has."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        size = len(plain.encode())
    except UnicodeEncodeError as error:
        raise UnreadableFile(f"Line {_line_at(plain, error.start)} holds half a character. Paste it again.") from None
    if size > SIZE_LIMIT:
        raise UnreadableFile(f"The text is longer than {SIZE_LIMIT // 1024 // 1024} MiB. Import it in parts.")
    if "\0" in plain:
        line = _line_at(plain, plain.index("\0"))
        raise UnreadableFile(f"Line {line} holds a NUL character. This is no .env file, or it is damaged.")
    for blanks in _BLANKS.finditer(plain):
        if len(blanks[0]) > BLANKS_LIMIT:
            line = _line_at(plain, blanks.start())
            raise UnreadableFile(f"Line {line} has more than {BLANKS_LIMIT} blanks in a row. Remove them.")
    return plain


def parse(text: str) -> EnvFile:
    """The entries and mistakes of a `.env` text, in the order of its lines.

    A name given twice is a mistake at each place, since tools differ in which one they take. Raises UnreadableFile.
    """
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    for line, found in _lines(normalize(text)):
        if isinstance(found, Entry):
            entries.append(found)
        else:
            mistakes.append(Mistake(line, *found))
        _refuse_too_many(entries, mistakes)
    unique, doubled = _split_duplicates(entries)
    return EnvFile(unique, sorted(mistakes + doubled, key=lambda mistake: mistake.line))


def _refuse_too_many(entries: list[Entry], mistakes: list[Mistake]) -> None:
    """While reading: what comes after the limit is not even looked at."""
    if len(entries) > ENTRY_LIMIT:
        raise UnreadableFile(f"The file has more than {ENTRY_LIMIT:,} names. Import it in parts.")
    if len(mistakes) > ENTRY_LIMIT:
        raise UnreadableFile(
            f"More than {ENTRY_LIMIT:,} lines are not NAME=value, the last of them line {mistakes[-1].line}. "
            "Check that this is a .env file."
        )


def _lines(text: str) -> Iterator[tuple[int, Entry | tuple[str, str]]]:
    """Each binding with its line: an entry, or the reason why it is none, and its name."""
    in_pem = False
    for number, binding in enumerate(parse_stream(io.StringIO(text)), start=1):
        if number > BINDING_LIMIT:
            raise UnreadableFile(f"The file has more than {BINDING_LIMIT:,} lines to read. Import it in parts.")
        source = binding.original.string
        # The parser counts from the blank lines before a binding.
        line = binding.original.line + source[: len(source) - len(source.lstrip())].count("\n")
        if in_pem:
            in_pem = not _PEM_END.search(source)
            yield line, ("It belongs to a value of several lines. Put the whole value in double quotes.", "")
        elif _starts_bare_pem(binding):
            in_pem = not _PEM_END.search(source)
            yield line, ("A value of several lines needs double quotes around it.", _usable(binding.key))
        elif binding.error:
            yield line, ("It is not NAME=value, or a quote is not closed.", "")
        elif binding.key is not None:
            problem = _problem_of(binding)
            yield line, (problem, _usable(binding.key)) if problem else Entry(line, binding.key, binding.value or "")


def _starts_bare_pem(binding: Binding) -> bool:
    """Whether a PEM block begins outside quotes: its lines could be taken for names, and a key must not become one."""
    source = binding.original.string
    if not _PEM_BEGIN.search(source) or source.lstrip().startswith("#"):
        return False
    return binding.error or binding.key is None or not re.search(r"=\s*['\"]", source)


def _problem_of(binding: Binding) -> str | None:
    if binding.value is None:
        return "There is no = after the name."
    if _usable(binding.key) == "":
        return "A name starts with a letter or _ and goes on with letters, digits, _ . or -, at most 200."
    if binding.value.startswith("=") and not re.search(r"=\s*['\"]", binding.original.string):
        return "It looks like the end of a base64 text. Put the whole value in double quotes."
    if "\0" in binding.value:
        return "The value holds a NUL character."
    return None


def _usable(name: str | None) -> str:
    """`name` if it is one; otherwise nothing, since a mistaken name may be a piece of a value."""
    return name if name and _NAME.fullmatch(name) else ""


def _split_duplicates(entries: list[Entry]) -> tuple[list[Entry], list[Mistake]]:
    lines: dict[str, list[int]] = {}
    for entry in entries:
        lines.setdefault(entry.name, []).append(entry.line)
    unique = [entry for entry in entries if len(lines[entry.name]) == 1]
    doubled = [
        Mistake(line, f"It is given on lines {_listed(places)}. Keep one of them.", name)
        for name, places in lines.items()
        if len(places) > 1
        for line in places
    ]
    return unique, doubled


def _listed(lines: list[int]) -> str:
    shown = [str(line) for line in lines[:5]]
    if len(lines) > 5:
        return ", ".join(shown) + f" and {len(lines) - 5} more"
    return ", ".join(shown[:-1]) + f" and {shown[-1]}"


def _line_at(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1
