"""A root key that a provider sealed comes back from that provider, that key and that text alone."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.vault.keys.providers.service import Service
from vault.crypto.errors import WrongKey
from vault.crypto.rootkey import RootKey, generate_root_key_text, root_key_material
from vault.crypto.sealing import SealedRootKey
from vault.keys.providers import RootKeyProblem, remote
from vault.keys.providers.base import RootKeyUnavailable


def _id(text: str) -> bytes:
    return RootKey.from_text(text).key_id


def test_it_gives_back_what_it_sealed(service: Service) -> None:
    text = generate_root_key_text()
    sealed = remote.seal(service.name, text)
    assert (sealed.provider, sealed.key_id) == (service.name, _id(text))
    again = SealedRootKey.from_text(sealed.text)
    assert remote.unseal(again).key_id == _id(text)
    assert remote.unsealed_text(again) == text


def test_what_is_sealed_does_not_hold_the_root_key(service: Service) -> None:
    text = generate_root_key_text()
    sealed = remote.seal(service.name, text)
    assert root_key_material(text) not in sealed.ciphertext
    assert text[8:40] not in sealed.text


def test_it_seals_the_same_key_differently_each_time(service: Service) -> None:
    text = generate_root_key_text()
    assert remote.seal(service.name, text).ciphertext != remote.seal(service.name, text).ciphertext


def test_it_refuses_a_sealed_text_that_was_altered(service: Service) -> None:
    sealed = remote.seal(service.name, generate_root_key_text())
    altered = bytearray(sealed.ciphertext)
    altered[-5] ^= 1
    with pytest.raises(RootKeyProblem) as caught:
        remote.unseal(sealed._replace(ciphertext=bytes(altered)))
    assert not isinstance(caught.value, RootKeyUnavailable)
    assert "does not open the sealed root key" in str(caught.value)


def test_it_refuses_the_ciphertext_of_another_root_key(service: Service) -> None:
    one, two = (remote.seal(service.name, generate_root_key_text()) for _ in range(2))
    with pytest.raises(RootKeyProblem, match="does not open the sealed root key"):
        remote.unseal(two._replace(ciphertext=one.ciphertext))


def test_it_refuses_another_root_key_in_the_right_context(service: Service) -> None:
    said, other = generate_root_key_text(), generate_root_key_text()
    honest = remote.seal(service.name, said)
    forged = remote.remote_provider(service.name).encrypt(root_key_material(other), context=honest.context)
    with pytest.raises(WrongKey) as caught:
        remote.unseal(honest._replace(ciphertext=forged))
    assert (caught.value.needed, caught.value.found) == (_id(said), _id(other))


@pytest.mark.parametrize("size", [31, 0])
def test_it_refuses_what_is_no_root_key_at_all(size: int) -> None:
    with pytest.raises(WrongKey):
        SealedRootKey("pkcs11", bytes(16), b"x").opened(bytes(size))


def test_another_key_of_the_same_service_does_not_open_it(
    service: Service, configure: Callable[[dict[str, str]], None]
) -> None:
    sealed = remote.seal(service.name, generate_root_key_text())
    configure(service.other_key())
    with pytest.raises(RootKeyProblem):
        remote.unseal(sealed)


def test_a_key_that_is_not_there_is_named(service: Service, configure: Callable[[dict[str, str]], None]) -> None:
    missing = str(uuid4())
    key = next(iter(service.other_key()))
    configure({key: missing if service.name != "aws-kms" else f"arn:aws:kms:eu-central-1:123456789012:key/{missing}"})
    with pytest.raises(RootKeyProblem, match=missing):
        remote.seal(service.name, generate_root_key_text())
