"""What holds a key or a plaintext shows neither, and stays in this process."""

import copy
import pickle
from contextlib import suppress

import pytest

from tests.vault.crypto.conftest import ACME
from vault.crypto.envelope import Randomness
from vault.crypto.errors import KeyMisuse
from vault.crypto.keyring import Keyring, KeyUse, TenantKey
from vault.crypto.rootkey import RootKey
from vault.crypto.secrecy import Confidential

MATERIAL = b"0123456789abcdef0123456789ABCDEF"


def _holders() -> list[object]:
    wrapping = TenantKey(MATERIAL, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
    authenticating = TenantKey(MATERIAL, scope="system", purpose="token", version=1, use=KeyUse.MAC)
    signing = TenantKey(MATERIAL, scope="system", purpose="sign", version=1, use=KeyUse.SIGN)
    return [RootKey(MATERIAL), wrapping, authenticating, signing, Keyring(ACME, "data").with_key(wrapping, active=True)]


@pytest.mark.parametrize("holder", _holders(), ids=lambda holder: type(holder).__name__)
def test_it_shows_no_key(holder: object) -> None:
    for shown in (repr(holder), str(holder), f"{holder}", f"{holder!r:>5}"):
        assert "0123456789" not in shown
        assert MATERIAL.hex()[:8] not in shown


@pytest.mark.parametrize("holder", _holders(), ids=lambda holder: type(holder).__name__)
def test_it_is_neither_pickled_nor_copied(holder: object) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(holder, protocol)
    for copying in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied"):
            copying(holder)


@pytest.mark.parametrize("holder", _holders(), ids=lambda holder: type(holder).__name__)
def test_it_does_not_change(holder: object) -> None:
    with pytest.raises(AttributeError, match="cannot be changed"):
        holder.key_id = b""  # type: ignore[attr-defined]  # that is what is tested
    with pytest.raises(AttributeError, match="cannot be changed"):
        del holder.scope  # type: ignore[attr-defined]  # that is what is tested
    assert not hasattr(holder, "__dict__")


@pytest.mark.parametrize("holder", _holders(), ids=lambda holder: type(holder).__name__)
def test_it_does_not_keep_the_key_that_it_was_made_of(holder: object) -> None:
    for kept in type(holder).__slots__:  # type: ignore[attr-defined]  # every holder has slots
        with suppress(KeyMisuse):  # the parts of a tenant key that it does not have
            assert getattr(holder, kept) != MATERIAL


def test_a_holder_without_a_name_of_its_own_is_redacted() -> None:
    class Anything(Confidential):
        __slots__ = ("value",)

    anything = Anything()
    anything._set(value="correct horse")
    assert repr(anything) == str(anything) == "<Anything: redacted>"


def test_randomness_is_redacted() -> None:
    assert repr(Randomness(MATERIAL, MATERIAL, MATERIAL)) == "<Randomness: redacted>"
