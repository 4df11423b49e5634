"""The variables about providers: what is wrong is named at the start, in one message that repeats nothing."""

from pathlib import Path

import pytest

from tests.vault.web.test_configuration import CANARY, load


@pytest.mark.parametrize(
    ("variable", "wrong", "said"),
    [
        ("HOLDFAST_OPENBAO_ADDR", f"http://{CANARY}.example.com:8200", "must be an https address"),
        ("HOLDFAST_OPENBAO_ADDR", CANARY, "must look like https://"),
        ("HOLDFAST_AWS_KMS_ENDPOINT", f"http://{CANARY}.example.com", "must be an https address"),
        ("HOLDFAST_ROOT_KEY_WAIT_SECONDS", CANARY, "must be a whole number of at least 0"),
        ("HOLDFAST_ROOT_KEY_REFRESH_SECONDS", "0", "must be a whole number of at least 1"),
        ("HOLDFAST_ROOT_KEY_GRACE_SECONDS", "-1", "must be a whole number of at least 0"),
    ],
)
def test_it_names_what_is_wrong(variable: str, wrong: str, said: str, tmp_path: Path) -> None:
    message = load(tmp_path, **{variable: wrong})
    assert isinstance(message, str)
    assert f"- {variable} {said}" in message
    assert CANARY not in message


@pytest.mark.parametrize("address", ["http://127.0.0.1:8200", "http://[::1]:8200", "https://bao.example.com"])
def test_it_takes_https_and_what_stays_on_this_machine(address: str, tmp_path: Path) -> None:
    assert isinstance(load(tmp_path, HOLDFAST_OPENBAO_ADDR=address, HOLDFAST_ROOT_KEY_GRACE_SECONDS="0"), dict)


def test_files_of_a_token_and_a_pin_may_come_later(tmp_path: Path) -> None:
    missing = str(tmp_path / "not-written-yet")
    assert isinstance(load(tmp_path, HOLDFAST_OPENBAO_TOKEN_FILE=missing, HOLDFAST_PKCS11_PIN_FILE=missing), dict)
