"""How codes may be typed."""

import uuid
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.codes import (
    new_recovery_code,
    new_totp_key,
    parse_recovery_code,
    parse_totp_code,
    recovery_code_message,
    totp_code_problem,
    totp_uri,
)


@pytest.mark.parametrize("typed", ["123456", "123 456", " 123456 ", "123-456", "1 2 3 4 5 6", "123\u00a0456"])
def test_it_takes_six_digits_with_separators(typed: str) -> None:
    assert parse_totp_code(typed) == "123456"
    assert totp_code_problem(typed) is None


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "１２３４５６", "١٢٣٤٥٦", "123456\u0000", "+12345", "12_345", "𝟏𝟐𝟑𝟒𝟓𝟔"]
)
def test_it_refuses_everything_else_with_a_sentence(typed: str) -> None:
    assert parse_totp_code(typed) is None
    assert totp_code_problem(typed)


@pytest.mark.parametrize("typed", ["１２３４５６", "١٢٣٤٥٦", "12345６", "𝟏𝟐𝟑𝟒𝟓𝟔"])
def test_it_explains_digits_of_other_scripts(typed: str) -> None:
    assert "plain digits" in str(totp_code_problem(typed))


@given(st.text(max_size=40))
def test_it_never_fails_on_any_text(typed: str) -> None:
    assert (parse_totp_code(typed) is None) == (totp_code_problem(typed) is not None)
    parse_recovery_code(typed)


def test_it_makes_recovery_codes_of_80_bits_in_groups() -> None:
    codes = {new_recovery_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 19 and code.count("-") == 3 for code in codes)


@pytest.mark.parametrize("spell", [str.upper, lambda c: c.replace("-", ""), lambda c: c.replace("-", " "), str.title])
def test_it_reads_a_recovery_code_however_it_is_typed(spell: object) -> None:
    code = new_recovery_code()
    assert parse_recovery_code(spell(code)) == code.replace("-", "")  # type: ignore[operator]  # each one is a function


def test_it_binds_a_recovery_code_to_its_set() -> None:
    code = new_recovery_code().replace("-", "")
    assert recovery_code_message(uuid.uuid4(), code) != recovery_code_message(uuid.uuid4(), code)


def test_it_describes_the_authenticator_in_the_address_that_apps_read() -> None:
    key = new_totp_key()
    address = urlsplit(totp_uri(key=key, account="al&ice+x@example.com", issuer="Holdfast"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == "/Holdfast:al&ice+x@example.com"
    assert parse_qs(address.query) == {
        "secret": [key],
        "issuer": ["Holdfast"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert len(key) == 32
