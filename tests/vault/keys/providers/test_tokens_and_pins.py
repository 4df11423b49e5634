"""The token and the PIN are read when they are used, so they can be renewed; a wrong PIN is not tried twice."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.vault.keys.providers.bao import Bao
from tests.vault.keys.providers.hsm import PIN, Hsm
from tests.vault.keys.providers.service import wait_until
from vault.crypto.rootkey import generate_root_key_text
from vault.keys.providers import RootKeyProblem, RootKeyUnavailable, pkcs11, remote

Configure = Callable[[dict[str, str]], None]


def test_a_token_that_an_agent_renews_in_its_file_is_taken(bao: Bao, configure: Configure) -> None:
    configure(bao.settings())
    sealed = remote.seal("openbao", generate_root_key_text())
    bao.revoke()
    with pytest.raises(RootKeyUnavailable, match="refuses the token"):
        remote.unseal(sealed)
    bao.grant()
    assert remote.unseal(sealed).key_id == sealed.key_id


def test_a_periodic_token_lives_as_long_as_it_is_used(bao: Bao, configure: Configure) -> None:
    configure(bao.settings())
    sealed = remote.seal("openbao", generate_root_key_text())
    period = 3.0

    def works() -> bool:
        try:
            return remote.unseal(sealed).key_id == sealed.key_id
        except RootKeyUnavailable as error:
            if "refuses the token" not in str(error):
                raise
            return False

    bao.write_token(period=f"{period:.0f}s")
    try:
        began = used = time.monotonic()
        while used - began < 1.5 * period:
            now = time.monotonic()
            if works():
                used = now
                time.sleep(1)
            else:
                assert now - used > period - 1, "it ended although it was used"
                bao.write_token(period=f"{period:.0f}s")  # the machine was busy for as long as the token lives
                began = used = time.monotonic()
        wait_until(lambda: not _after(works, period + 0.5), why="it lives although nobody uses it")
    finally:
        bao.grant()


def _after(works: Callable[[], bool], seconds: float) -> bool:
    time.sleep(seconds)
    return works()


def test_a_token_may_be_in_a_variable(bao: Bao, configure: Configure, settings: Settings) -> None:
    configure(bao.settings())
    settings.OPENBAO_TOKEN, settings.OPENBAO_TOKEN_FILE = bao.token_file.read_text(), ""
    assert remote.seal("openbao", generate_root_key_text())


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named_and_may_come_later(
    content: bytes | None, bao: Bao, configure: Configure, settings: Settings, tmp_path: Path
) -> None:
    configure(bao.settings())
    sealed = remote.seal("openbao", generate_root_key_text())
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    settings.OPENBAO_TOKEN_FILE = str(path)
    with pytest.raises(RootKeyUnavailable, match="HOLDFAST_OPENBAO_TOKEN_FILE"):
        remote.unseal(sealed)
    path.write_text(bao.token_file.read_text())
    assert remote.unseal(sealed).key_id == sealed.key_id


def test_a_token_given_for_the_name_of_its_file_is_not_repeated(settings: Settings) -> None:
    settings.OPENBAO_TOKEN_FILE = "s.this-is-the-token"
    with pytest.raises(RootKeyUnavailable) as caught:
        remote.secret("OPENBAO_TOKEN")
    assert "this-is" not in str(caught.value)


def test_a_wrong_pin_is_tried_once(
    hsm: Hsm, configure: Configure, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(hsm.settings())
    sealed = remote.seal("pkcs11", generate_root_key_text())
    wrong = tmp_path / "pin"
    wrong.write_text("999999")
    settings.PKCS11_PIN_FILE = str(wrong)
    asked: list[pkcs11.Pkcs11] = []
    real = pkcs11.Pkcs11._find_token

    def counted(self: pkcs11.Pkcs11, library: Any) -> Any:
        asked.append(self)
        return real(self, library)

    monkeypatch.setattr(pkcs11.Pkcs11, "_find_token", counted)
    for _ in range(5):
        with pytest.raises(RootKeyProblem, match="the PIN is wrong, and it is not tried again") as caught:
            remote.unseal(sealed)
        assert not isinstance(caught.value, RootKeyUnavailable)
    assert len(asked) == 1
    wrong.write_text(PIN)
    assert remote.unseal(sealed).key_id == sealed.key_id


def test_a_module_that_is_not_there_is_named(hsm: Hsm, configure: Configure, settings: Settings) -> None:
    configure(hsm.settings())
    settings.PKCS11_MODULE = "/nowhere/module.so"
    with pytest.raises(RootKeyUnavailable, match="HOLDFAST_PKCS11_MODULE"):
        remote.seal("pkcs11", generate_root_key_text())
    settings.PKCS11_MODULE, settings.PKCS11_TOKEN = hsm.module, "another token"
    with pytest.raises(RootKeyUnavailable, match="no such token is present"):
        remote.seal("pkcs11", generate_root_key_text())


def test_keys_of_the_provider_rotate_without_sealing_anew(
    bao: Bao, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    configure(bao.settings())
    before = remote.seal("openbao", generate_root_key_text())
    bao.client.secrets.transit.rotate_key("holdfast")
    after = remote.seal("openbao", generate_root_key_text())
    assert before.ciphertext.startswith(b"vault:v1:") or after.ciphertext[:9] != before.ciphertext[:9]
    assert remote.unseal(before).key_id == before.key_id
    assert remote.unseal(after).key_id == after.key_id
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
