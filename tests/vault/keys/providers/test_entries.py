"""Plain and sealed root keys side by side in one source. No provider is asked to read the configuration."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.crypto.sealing import SealedRootKey
from vault.keys.providers import EnvironmentProvider, RootKeyProblem, configured_provider

PLAIN = generate_root_key_text()
KMS = SealedRootKey("aws-kms", bytes(range(16)), b"c" * 60)
HSM = SealedRootKey("pkcs11", bytes(range(1, 17)), b"d" * 60)


def _configured(*texts: str) -> list[tuple[bytes, list[str]]]:
    keys = EnvironmentProvider(" ".join(texts)).configured()
    return [(key.key_id, [each.provider for each in key.sealed]) for key in keys]


def test_it_reads_plain_and_sealed_root_keys_in_their_order() -> None:
    plain = RootKey.from_text(PLAIN).key_id
    assert _configured(KMS.text, PLAIN, HSM.text) == [
        (KMS.key_id, ["aws-kms"]), (plain, []), (HSM.key_id, ["pkcs11"])
    ]  # fmt: skip


def test_a_root_key_may_be_sealed_by_several_providers() -> None:
    again = KMS._replace(provider="openbao")
    assert _configured(KMS.text, HSM.text, again.text) == [
        (KMS.key_id, ["aws-kms", "openbao"]), (HSM.key_id, ["pkcs11"])
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            (KMS.text, KMS._replace(ciphertext=b"e" * 60).text),
            f"entry 2: the root key {KMS.fingerprint} is there twice",
        ),
        ((PLAIN, SealedRootKey("pkcs11", RootKey.from_text(PLAIN).key_id, b"c").text), "is there twice"),
        ((PLAIN, KMS.text[:-3]), "entry 2: its checksum does not match"),
        ((KMS.text.replace("aws-kms", "gcp-kms"),), "entry 1: it is cut short, or"),
        (("hfseal1-",), "entry 1: it is cut short, or"),
        (("hfseal2-x",), "entry 1: a root key begins with"),
    ],
    ids=count(),
)
def test_it_names_the_entry_that_is_wrong_and_repeats_none_of_it(texts: tuple[str, ...], said: str) -> None:
    with pytest.raises(RootKeyProblem) as caught:
        EnvironmentProvider(",".join(texts)).configured()
    assert said in str(caught.value)
    assert texts[-1][12:24] not in str(caught.value) or len(texts[-1]) < 24


def test_a_file_may_hold_both(root_key_file: Callable[..., Path]) -> None:
    root_key_file("# sealed by the key service", KMS.text, PLAIN)
    assert [key.fingerprint for key in configured_provider().configured()] == [
        KMS.fingerprint, RootKey.from_text(PLAIN).fingerprint
    ]  # fmt: skip


def test_reading_shows_no_key() -> None:
    source = EnvironmentProvider(PLAIN)
    for shown in (source, source.entries(), source.configured()):
        assert PLAIN[8:20] not in repr(shown)
