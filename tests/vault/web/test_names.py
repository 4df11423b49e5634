"""One normalizer for names."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from vault.names import clean_name, clean_text, fold_name, safe_label

ANY_TEXT = st.text(alphabet=st.characters(), max_size=120)

INVISIBLE = {
    "NUL": "\0",
    "line feed": "\n",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "left-to-right mark": "\u200e",
    "zero width space": "\u200b",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "line separator": "\u2028",
    "tag": "\U000e0041",
    "private use": "\ue000",
    "surrogate": "\ud800",
    "noncharacter": "\uffff",
    "noncharacter of plane 1": "\U0001fffe",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
}


@given(ANY_TEXT)
def test_it_changes_a_clean_name_no_further(text: str) -> None:
    try:
        once = clean_name(text)
    except ValidationError:
        return
    assert clean_name(once) == once
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)


@given(ANY_TEXT)
def test_it_changes_a_clean_text_no_further(text: str) -> None:
    for multiline in (False, True):
        try:
            once = clean_text(text, field="Description", max_length=200, multiline=multiline)
        except ValidationError:
            continue
        assert clean_text(once, field="Description", max_length=200, multiline=multiline) == once


@given(ANY_TEXT)
def test_it_folds_to_a_fixed_point(text: str) -> None:
    folded = fold_name(text)
    assert fold_name(folded) == folded


def test_it_folds_every_code_point_to_a_fixed_point() -> None:
    for point in range(0x110000):
        text = chr(point)
        if unicodedata.category(text) != "Cn" and (folded := fold_name(text)) != text:
            assert fold_name(folded) == folded, f"U+{point:04X}"


@given(ANY_TEXT)
def test_it_labels_to_a_fixed_point_on_one_line(text: str) -> None:
    label = safe_label(text, max_length=40)
    assert safe_label(label, max_length=40) == label
    assert len(label) <= 40
    assert label.isprintable() or all(unicodedata.category(c) in {"Cn", "Cf"} for c in label if not c.isprintable())
    assert "\0" not in label
    assert label.splitlines() in ([], [label])


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_it_refuses_what_cannot_be_seen_and_says_which(character: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_name(f"pro{character}duction", field="Environment name")
    message = refused.value.messages[0]
    assert message.startswith("Environment name contains the character U+")
    assert character not in message
    assert "production" not in message


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_it_replaces_what_cannot_be_seen_in_a_label(character: str) -> None:
    assert character not in safe_label(f"pro{character}duction")


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u00a0", "\u3000\u2003", "\u200d", " \u200c "])
def test_it_refuses_a_name_with_nothing_in_it(text: str) -> None:
    with pytest.raises(ValidationError, match="Name is empty"):
        clean_name(text)


def test_it_names_the_limit_and_the_length() -> None:
    with pytest.raises(ValidationError, match=r"Project name may have at most 100 characters; this one has 10,000"):
        clean_name("x" * 10_000, field="Project name")
    with pytest.raises(ValidationError, match=r"at most 100 characters; this one has 101"):
        clean_name("x" * 101)
    assert clean_name("x" * 100) == "x" * 100


def test_it_counts_after_normalization() -> None:
    assert clean_name("e\u0301" * 100) == "é" * 100


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Web   site ", "Web site"),
        ("Web\u00a0site", "Web site"),
        ("Cafe\u0301", "Café"),
        ("Zoë & Łukasz <3", "Zoë & Łukasz <3"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d💻 team", "👩\u200d💻 team"),
        ("Производство", "Производство"),
        ("a/b.c_d-e", "a/b.c_d-e"),
    ],
)
def test_it_keeps_what_people_write(typed: str, stored: str) -> None:
    assert clean_name(typed) == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob", "BOB"),
        ("Bob", "\uff22\uff4f\uff42"),
        ("straße", "STRASSE"),
        ("Café", "cafe\u0301"),
        ("ﬁle", "file"),
        ("a b", "a\u2003 b"),
        ("❤\ufe0f", "❤"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_it_folds_names_together_that_a_reader_cannot_tell_apart(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("Bob", "Rob"), ("a.b", "ab"), ("prod", "prod1")])
def test_it_keeps_different_names_apart(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_it_keeps_the_lines_of_a_description_only_where_there_are_lines() -> None:
    assert clean_text("one\r\ntwo\rthree\n", field="Notes", max_length=100, multiline=True) == "one\ntwo\nthree"
    assert clean_text("one\r\ntwo", field="Notes", max_length=100) == "one two"
    assert clean_text("  ", field="Notes", max_length=100) == ""


def test_it_cuts_a_label_with_an_ellipsis() -> None:
    assert safe_label("x" * 300, max_length=10) == "xxxxxxxxx…"
    assert safe_label("line one\nINFO forged line") == "line one�INFO forged line"
