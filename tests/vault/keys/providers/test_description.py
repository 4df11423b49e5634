"""Where a root key comes from, in words for people, and the root key itself for those who split it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.vault.keys.providers.service import Service
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys.providers import RootKeyProblem, remote, root_key_text, source_description


def _id(text: str) -> bytes:
    return RootKey.from_text(text).key_id


def test_it_names_the_file_or_the_variable(root_key_file: Callable[..., Path], settings: Settings) -> None:
    path = root_key_file(generate_root_key_text())
    assert source_description() == f"file {path}"
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = generate_root_key_text(), None
    assert source_description() == "environment variable HOLDFAST_ROOT_KEY"


def test_it_names_the_provider_and_its_key(service: Service, root_key_file: Callable[..., Path]) -> None:
    sealed, plain = generate_root_key_text(), generate_root_key_text()
    path = root_key_file(remote.seal(service.name, sealed).text, plain)
    name = {"aws-kms": "AWS KMS key arn:aws:kms:", "openbao": "OpenBao key transit/holdfast at http://127.0.0.1:",
            "pkcs11": "PKCS#11 key holdfast on token holdfast test"}[service.name]  # fmt: skip
    assert source_description().startswith(name)
    assert source_description(_id(sealed)).startswith(name)
    assert source_description(_id(plain)) == f"file {path}"


def test_it_gives_the_text_of_each_configured_root_key(service: Service, root_key_file: Callable[..., Path]) -> None:
    sealed, plain = generate_root_key_text(), generate_root_key_text()
    root_key_file(plain, remote.seal(service.name, sealed).text)
    assert root_key_text(_id(sealed)) == sealed
    assert root_key_text(_id(plain)) == plain
    with pytest.raises(RootKeyProblem, match="is not configured"):
        root_key_text(bytes(16))
