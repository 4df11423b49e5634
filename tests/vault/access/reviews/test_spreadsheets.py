"""No cell of a table is a formula, whatever people call themselves."""

import csv
import io

import pytest

from vault.access.spreadsheets import as_csv, neutral


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\n=1", "＝1", "＋1", "|cmd", "%0A=1", "\u00a0=1"],
)
def test_it_neutralises_what_a_program_would_run(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Bob", "a=b", "2026-11-22", "O'Neil", '"=1"'])
def test_it_leaves_other_texts_alone(text: str) -> None:
    assert neutral(text) == text


def test_cells_come_back_as_they_went_in() -> None:
    rows = [["Who", "Note"], ["A;B,C", 'say "hi"\r\nthere'], ["=HYPERLINK(1)", "ü"]]
    text = as_csv(rows[0], rows[1:])
    assert text.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert found == [rows[0], rows[1], ["'=HYPERLINK(1)", "ü"]]
