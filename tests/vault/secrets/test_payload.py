"""What a payload may hold, field by field."""

import base64

import pytest

from vault.secrets.kinds import FIELDS, METADATA_LABELS, Content, Field, Kind
from vault.secrets.payload import (
    FILE_LIMIT,
    TEXT_LIMIT,
    InvalidPayload,
    clean_payload,
    is_safe_address,
    link_target,
    problem_of,
)

LINE = Field("line", "Line")
TEXT = Field("text", "Text", Content.TEXT)
URL = Field("url", "Web address", Content.URL)
FILE = Field("content", "File", Content.FILE)


@pytest.mark.parametrize(
    "value",
    [
        "a\nb\n",
        "a\r\nb\r\n",
        "\n\nleading",
        "trailing  \t",
        "  leading",
        "ﬀ é e\u0301 \U0001f512 \u202e \x07",
        "\ufffd",
        "\ufeff",
    ],
)
def test_it_keeps_text_as_it_is(value: str) -> None:
    assert clean_payload(Kind.NOTE, {"note": value}) == {"note": value}


def test_it_leaves_out_what_holds_nothing_and_keeps_the_order_of_the_form() -> None:
    values = {"notes": "n", "password": "p", "username": "", "url": "example.com"}
    assert list(clean_payload(Kind.LOGIN, values)) == ["password", "url", "notes"]


@pytest.mark.parametrize(
    ("value", "said"), [("a\0b", "NUL"), ("a\ud800b", "surrogate"), ("x" * (TEXT_LIMIT + 1), "256 KiB")]
)
def test_it_refuses_what_it_cannot_keep_and_names_the_field(value: str, said: str) -> None:
    problem = problem_of(TEXT, value)
    assert problem is not None
    assert said in problem
    assert problem.startswith("Text")
    assert value not in problem


def test_it_measures_text_in_bytes() -> None:
    assert problem_of(TEXT, "é" * (TEXT_LIMIT // 2)) is None
    assert problem_of(TEXT, "é" * (TEXT_LIMIT // 2 + 1)) is not None


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\r\n"])
def test_it_refuses_line_breaks_in_a_field_of_one_line(value: str) -> None:
    assert "line break" in str(problem_of(LINE, value))


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)",
        "java\tscript:alert(1)", "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>", "vbscript:x", "javascript://%0aalert(1)", "ftp://example.com",
        "http://", "https:///path", "https://exa mple.com", "https://example.com/\x7f", "https://[::1",
    ],
)  # fmt: skip
def test_it_refuses_addresses_that_are_no_web_addresses(value: str) -> None:
    assert not is_safe_address(value)
    assert link_target(value) is None
    assert problem_of(URL, value) is not None


@pytest.mark.parametrize(
    "value",
    ["https://example.com/a?b=c#d", "HTTP://EXAMPLE.COM", "https://user@example.com:8443/", "http://[::1]:8000/"],
)
def test_it_links_web_addresses(value: str) -> None:
    assert problem_of(URL, value) is None
    assert link_target(value) == value


@pytest.mark.parametrize(
    "value", ["example.com", "example.com:8443/admin", "192.0.2.1:80", "intranet/page", "/path", "a?b:c"]
)
def test_it_keeps_an_address_without_a_scheme_and_does_not_link_it(value: str) -> None:
    assert problem_of(URL, value) is None
    assert link_target(value) is None


def test_it_measures_a_file_before_base64() -> None:
    assert problem_of(FILE, base64.b64encode(bytes(FILE_LIMIT)).decode()) is None
    assert "1 MiB" in str(problem_of(FILE, base64.b64encode(bytes(FILE_LIMIT + 1)).decode()))
    assert "whole" in str(problem_of(FILE, "not base64!"))


def test_it_names_every_mistake_at_its_field() -> None:
    with pytest.raises(InvalidPayload) as raised:
        clean_payload(Kind.LOGIN, {"username": "a\nb", "pin": "1234"})
    assert set(raised.value.errors) == {"username", "password", "pin"}
    assert "1234" not in str(raised.value)


def test_it_has_no_payload_field_with_the_name_of_metadata() -> None:
    names = {field.name for fields in FIELDS.values() for field in fields}
    assert not names & METADATA_LABELS.keys()


def test_it_knows_the_fields_of_every_kind() -> None:
    assert set(FIELDS) == set(Kind)
