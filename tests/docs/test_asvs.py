"""docs/security/asvs.md answers every line, and what it calls shown is shown by a test that exists."""

import re

from tests.docs.pages import missing_tests, named_tests, tables, text_of

PAGE = text_of("docs/security/asvs.md")
LINES = 74
OPEN = re.compile(r"\*\*(Not yet|Partly|Not applicable)\.\*\* .+")


def rows() -> list[list[str]]:
    """The rows of all groups: line, number in ASVS, requirement, answer, evidence."""
    return [row for table in tables(PAGE) if table[0][0] == "Line" for row in table[1:]]


def test_it_answers_every_line_once() -> None:
    assert [row[0] for row in rows()] == [str(number) for number in range(1, LINES + 1)]


def test_it_has_a_number_a_requirement_an_answer_and_evidence_in_every_line() -> None:
    for row in rows():
        assert len(row) == 5, row
        _, numbers, requirement, answer, evidence = row
        assert re.fullmatch(r"\d+\.\d+\.\d+(, \d+\.\d+\.\d+)*", numbers), row
        assert requirement, row
        assert answer.endswith("."), row
        assert evidence == "-" or named_tests(evidence), row


def test_it_names_a_test_or_says_that_there_is_none() -> None:
    for line, *_, answer, evidence in rows():
        if evidence == "-":
            assert OPEN.fullmatch(answer), f"line {line} has no evidence and does not say why"
            assert not answer.startswith("**Partly"), f"line {line} is met in part by nothing that is shown"
        else:
            assert not answer.startswith(("**Not yet", "**Not applicable")), f"line {line} has evidence for nothing"


def test_it_names_only_tests_that_exist() -> None:
    assert missing_tests(PAGE) == []


def test_it_counts_what_is_open() -> None:
    answers = [row[3] for row in rows()]
    for word in ("Not yet", "Partly", "Not applicable"):
        count = sum(answer.startswith(f"**{word}.**") for answer in answers)
        assert f"{word.lower()}: {count}" in PAGE, f"{word}: {count}"
