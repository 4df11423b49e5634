"""`manage.py generate_root_key --seal`: a root key that nobody has seen in plain text."""

import io
import stat
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.vault.keys.providers.bao import Bao
from tests.vault.keys.providers.service import Service
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.crypto.sealing import SealedRootKey
from vault.keys.providers import FileProvider, remote


def test_it_prints_a_new_root_key_sealed(service: Service) -> None:
    out, err = StringIO(), StringIO()
    call_command("generate_root_key", seal=service.name, stdout=out, stderr=err)
    sealed = SealedRootKey.from_text(out.getvalue().strip())
    assert remote.unseal(sealed).key_id == sealed.key_id
    assert "split it into recovery shares" in err.getvalue()
    assert remote.unsealed_text(sealed) not in out.getvalue() + err.getvalue()


def test_it_writes_a_file_for_its_owner_alone(service: Service, tmp_path: Path) -> None:
    path, out = tmp_path / "root-key", StringIO()
    call_command("generate_root_key", seal=service.name, output=path, stdout=out, stderr=StringIO())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (key,) = FileProvider(path).root_keys()
    assert f"Root key {key.fingerprint}, sealed, written to {path}." in out.getvalue()


def test_it_seals_the_root_key_that_it_is_given(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    text = generate_root_key_text()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{text}\n"))
    out, err = StringIO(), StringIO()
    call_command("generate_root_key", seal=service.name, from_stdin=True, stdout=out, stderr=err)
    assert remote.unsealed_text(SealedRootKey.from_text(out.getvalue().strip())) == text
    assert text not in out.getvalue() + err.getvalue()


@pytest.mark.parametrize("given", ["", "hfroot1-short", "nonsense"])
def test_it_refuses_what_is_no_root_key_and_does_not_repeat_it(
    given: str, bao: Bao, configure: Callable[[dict[str, str]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(bao.settings())
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    with pytest.raises(CommandError, match="cannot be sealed: a root key") as caught:
        call_command("generate_root_key", seal="openbao", from_stdin=True)
    assert "nonsense" not in str(caught.value)


def test_it_says_what_the_provider_says(service: Service, tmp_path: Path) -> None:
    service.revoke()
    try:
        with pytest.raises(CommandError, match="The root key cannot be sealed: "):
            call_command("generate_root_key", seal=service.name, output=tmp_path / "root-key")
    finally:
        service.grant()
    assert not (tmp_path / "root-key").exists()


def test_standard_input_is_read_only_to_seal() -> None:
    with pytest.raises(CommandError, match="needs --seal"):
        call_command("generate_root_key", from_stdin=True)


def test_the_plain_form_is_as_it_was() -> None:
    out = StringIO()
    call_command("generate_root_key", stdout=out)
    assert RootKey.from_text(out.getvalue().strip()).fingerprint
