"""Tables for spreadsheet programs, in which no text becomes a formula.

The one place that writes CSV: what people have named themselves, their projects and their paths comes out in it, and a
cell that begins with `=`, `+`, `-` or `@` is run by whoever opens the file (OWASP, "CSV Injection").
"""

import csv
import io
from collections.abc import Iterable, Sequence

_BEGINNINGS = tuple("=+-@\t\r\n＝＋－＠|%")  # noqa: RUF001 - the full-width ones are read as the others
_MARK = "'"
"""What spreadsheet programs take for "this is text"."""


def neutral(text: str) -> str:
    """The text as a cell that is no formula, also behind white space; unchanged where it could not be one."""
    return f"{_MARK}{text}" if text.startswith(_BEGINNINGS) or text.strip().startswith(_BEGINNINGS) else text


def as_csv(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180 with every cell in quotes, so that no separator of any country splits one; behind a byte order mark, by
    which spreadsheet programs know UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([neutral(each) for each in heading])
    writer.writerows([neutral("" if each is None else str(each)) for each in row] for row in rows)
    return f"\ufeff{written.getvalue()}"
