"""The bytes that a seal covers: unambiguous, and the same for ever."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import NotCanonical
from vault.seals.canonical import canonical_element, canonical_row, canonical_value

MOMENT = datetime(2026, 11, 22, 13, 46, 0, 123, tzinfo=UTC)
VECTOR = {
    "role": "owner",
    "joined_at": MOMENT,
    "removed": False,
    "seats": 7,
    "user_id": UUID(int=4),
    "note": None,
    "key": b"\x00\xff",
    "permissions": ["b", "a"],
}
DIGEST = "8b16de0c2950a1712e9c97ee94f20c6070b70c07a13365b508cb295e5b45a149"


def message(**other: object) -> bytes:
    known: dict[str, object] = {
        "kind": "orgs.membership",
        "row": UUID(int=1).hex,
        "organization": UUID(int=2),
        "version": 3,
        "fields": VECTOR,
    }
    return canonical_row(**{**known, **other})  # type: ignore[arg-type]  # the vector, with something else in it


def test_it_gives_the_bytes_of_the_test_vector() -> None:
    assert hashlib.sha256(message()).hexdigest() == DIGEST
    assert DIGEST in Path("vault/seals/FORMAT.md").read_text()


def test_it_begins_as_the_format_says() -> None:
    assert message().startswith(b"\x00\x00\x00\x10holdfast/v1/seal\x00\x00\x00\x0forgs.membership\x00\x00\x00\x20")


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "orgs.invitation"},
        {"row": UUID(int=3).hex},
        {"organization": None},
        {"organization": UUID(int=3)},
        {"version": 4},
        {"fields": {**VECTOR, "role": "admin"}},
        {"fields": {**VECTOR, "removed": 0}},
        {"fields": {**VECTOR, "note": ""}},
        {"fields": {**VECTOR, "joined_at": MOMENT + timedelta(microseconds=1)}},
        {"fields": {**VECTOR, "permissions": ["a", "b"]}},
        {"fields": {name: value for name, value in VECTOR.items() if name != "note"}},
        {"fields": {("remark" if name == "note" else name): value for name, value in VECTOR.items()}},
    ],
    ids=str,
)
def test_it_differs_with_whatever_differs(other: dict[str, object]) -> None:
    assert message(**other) != message()


def test_it_is_the_same_for_the_same_moment_elsewhere() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5)))
    assert message(fields={**VECTOR, "joined_at": elsewhere}) == message()


FORMLESS = [1.5, object(), "\ud800", datetime(2026, 1, 1), {"a": 1.5}, [1.0]]  # noqa: DTZ001 - that is what is refused


@pytest.mark.parametrize("value", FORMLESS, ids=lambda value: type(value).__name__)
def test_it_refuses_what_has_no_one_form(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical_value(value)


def test_it_refuses_a_name_that_is_none() -> None:
    with pytest.raises(ValueError, match="no name"):
        message(kind="orgs membership")
    with pytest.raises(ValueError, match="begin at 1"):
        canonical_element(kind="a.b", row="1", version=0)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(st.characters(codec="utf-8")), st.binary(), st.uuids()
)


@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES))
def test_it_gives_different_bytes_for_different_values(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    alike = [type(value) for value in one] == [type(value) for value in other] and one == other
    same = message(fields={"a": one[0], "b": one[1]}) == message(fields={"a": other[0], "b": other[1]})
    assert same is alike
