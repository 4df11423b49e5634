"""docs/security/threat-model.md promises nothing without a test that exists."""

from tests.docs.pages import missing_tests, named_tests, tables, text_of

PAGE = text_of("docs/security/threat-model.md")


def test_it_names_a_test_for_every_promise() -> None:
    promises = [row for table in tables(PAGE) if table[0][-1] == "Shown by" for row in table[1:]]
    assert len(promises) > 15
    for *_, promise, evidence in promises:
        assert named_tests(evidence), promise


def test_it_names_only_tests_that_exist() -> None:
    assert missing_tests(PAGE) == []
