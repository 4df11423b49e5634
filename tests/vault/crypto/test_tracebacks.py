"""No traceback that leaves vault.crypto has a key, a share or a plaintext in the variables of its frames.

Whoever reports errors prints those variables. Each way to fail is taken, and everything that the error leads to is
searched: its frames, what their variables lead to, closures, and the errors that it came from.
"""

import dataclasses
import hmac
import importlib
import inspect
import os
import pkgutil
import types
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from shamir_mnemonic import cipher, rs1024, wordlist

import vault.crypto
from tests.vault.crypto.conftest import ACME, INITECH, ROW
from vault.crypto import aead, envelope, keyring, otp, padding, rootkey, shares, signing
from vault.crypto.aad import RowBinding, context, dek_wrap_aad
from vault.crypto.keyring import Keyring, KeyUse, TenantKey
from vault.crypto.rootkey import RootKey
from vault.crypto.sealing import SealedRootKey
from vault.crypto.secrecy import Confidential, scrub, scrubbed

KEY = b"kY#k" * 8
DEK = b"dK#d" * 8
VALUE = b"the horse is a battery staple, and longer than any small value is"
TEXT = rootkey.root_key_text(KEY)
NONCE = bytes(12)
PLACE = RowBinding(ACME, "secrets_secretversion", "payload", ROW, 1)
ELSEWHERE = PLACE._replace(scope=INITECH)

_wrapping = TenantKey(bytes(range(32)), scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
_next = TenantKey(bytes(32), scope=ACME, purpose="data", version=2, use=KeyUse.WRAP)
_mac = TenantKey(bytes(range(32)), scope=ACME, purpose="data", version=1, use=KeyUse.MAC)
RING = Keyring(ACME, "data").with_key(_wrapping, active=True)
MAC_RING = Keyring(ACME, "data").with_key(_mac, active=True)
ROOT = RootKey(bytes(range(32)))
NAMED = {"scope": ACME, "purpose": "data", "version": 1}
WRAPPED = rootkey.wrap(ROOT, KEY, **NAMED)  # type: ignore[arg-type]  # one dict for texts and a number
SHARES = shares.split(TEXT, threshold=2, shares=3)
OTHERS = shares.split(TEXT, threshold=2, shares=3)


def _enveloped(body: bytes) -> bytes:
    """An envelope of a body as it is, under the data key DEK."""
    header, place = b"\x01" + _wrapping.key_id, context(PLACE)
    wrapped = _wrapping.dek_cipher.encrypt(NONCE, DEK, dek_wrap_aad(header, place))
    return header + NONCE + wrapped + NONCE + aead.cipher(DEK).encrypt(NONCE, body, place)


SEALED = _enveloped(padding.pad(VALUE))
NO_KEY_CHECK = _enveloped(b"\x01" + padding.pad(VALUE)[1:])
NO_BUCKET = _enveloped(padding.pad(VALUE) + VALUE)


def _altered(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


class _Fails:
    """In place of a function, a cipher or a class: it fails when it is used."""

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise MemoryError("forced")

    encrypt = decrypt = from_private_bytes = __call__


def _encrypt(ring: Keyring = RING, value: bytes = VALUE, place: RowBinding = PLACE) -> bytes:
    return envelope.encrypt(ring, value, place, _randomness=envelope.Randomness(DEK, NONCE, NONCE))


def _unwrap(wrapped: bytes = WRAPPED, root: RootKey = ROOT, key_id: bytes = b"", **changed: object) -> TenantKey:
    named = {**NAMED, **changed}
    return rootkey.unwrap(root, wrapped, use=KeyUse.WRAP, key_id=key_id, **named)  # type: ignore[arg-type]  # as above


def _tenant_key(material: bytes = KEY, use: KeyUse = KeyUse.WRAP) -> TenantKey:
    return TenantKey(material, scope=ACME, purpose="data", version=1, use=use)


def _decrypt(sealed: bytes) -> bytes:
    return envelope.decrypt_in_context(RING, sealed, context(PLACE))


def _rewrap(front: bytes, target: TenantKey = _next) -> bytes:
    return envelope.rewrap(front, source=_wrapping, target=target, row_context=context(PLACE))


def _broken_next() -> TenantKey:
    key = TenantKey(bytes(32), scope=ACME, purpose="data", version=2, use=KeyUse.WRAP)
    key._set(dek_cipher=_Fails())
    return key


Force = tuple[object, str]

# Of each function: the ways in which it fails by itself, and what is made to fail inside.
WAYS: dict[str, list[tuple[Callable[[], object], Force | None]]] = {
    "aead.cipher": [(lambda: aead.cipher(KEY[1:]), None), (lambda: aead.cipher(KEY), (aead, "AESGCM"))],
    "envelope.encrypt": [
        (lambda: _encrypt(value=VALUE * 70_000), None),
        (lambda: _encrypt(place=ELSEWHERE), None),
        (lambda: _encrypt(MAC_RING), None),
        (lambda: _encrypt(Keyring(ACME, "data")), None),
        (lambda: _encrypt(place=PLACE._replace(version=-1)), None),
        (_encrypt, (envelope, "pad")),
        (_encrypt, (padding, "bucket")),
        (_encrypt, (aead, "AESGCM")),
        (_encrypt, (envelope, "dek_wrap_aad")),
    ],
    "envelope.decrypt": [
        (lambda: envelope.decrypt(RING, _altered(SEALED, 120), PLACE), None),
        (lambda: envelope.decrypt(RING, NO_KEY_CHECK, PLACE), None),
        (lambda: envelope.decrypt(RING, SEALED, ELSEWHERE), None),
        (lambda: envelope.decrypt(RING, SEALED, PLACE), (envelope, "unpad")),
    ],
    "envelope.decrypt_in_context": [
        (lambda: _decrypt(_altered(SEALED, 30)), None),
        (lambda: _decrypt(_altered(SEALED, -1)), None),
        (lambda: _decrypt(NO_KEY_CHECK), None),
        (lambda: _decrypt(NO_BUCKET), None),
        (lambda: envelope.decrypt_in_context(MAC_RING, SEALED, context(PLACE)), None),
        (lambda: _decrypt(SEALED), (envelope, "unpad")),
        (lambda: _decrypt(SEALED), (padding, "bucket")),
        (lambda: _decrypt(SEALED), (aead, "Cipher")),
    ],
    "envelope.rewrap": [
        (lambda: _rewrap(_altered(SEALED[:77], 40)), None),
        (lambda: _rewrap(SEALED[:77], _mac), None),
        (lambda: _rewrap(SEALED[:77], _broken_next()), None),
    ],
    "keyring.key_id_of_key": [(lambda: keyring.key_id_of_key(KEY), (signing, "HKDF"))],
    "keyring.TenantKey.__init__": [
        (lambda: _tenant_key(KEY[1:]), None),
        (lambda: _tenant_key(use="other"), None),  # type: ignore[arg-type]  # that is what is tested
        *((lambda use=use: _tenant_key(use=use), (signing, "HKDF")) for use in KeyUse),
        (_tenant_key, (aead, "AESGCM")),
        (lambda: _tenant_key(use=KeyUse.SIGN), (keyring, "public_key_of")),
        (lambda: _tenant_key(use=KeyUse.MAC), (TenantKey, "_set")),
    ],
    "keyring.TenantKey.mac": [
        (lambda: _wrapping.mac("label", VALUE), None),
        (lambda: _mac.mac(None, VALUE), None),  # type: ignore[arg-type]  # that is what is tested
        (lambda: _mac.mac("label", VALUE), (hmac, "digest")),
    ],
    "otp.totp": [
        (lambda: otp.totp(KEY, at=0, algorithm="MD5"), None),
        (lambda: otp.totp(KEY, at=0, digits=99), None),
        (lambda: otp.totp(KEY, at=0), (otp, "TOTP")),
    ],
    "padding.pad": [(lambda: padding.pad(VALUE), (padding, "bucket"))],
    "padding.unpad": [
        (lambda: padding.unpad(VALUE[:30]), None),
        (lambda: padding.unpad(padding.pad(VALUE)), (padding, "bucket")),
    ],
    "rootkey.RootKey.__init__": [
        (lambda: RootKey(KEY[1:]), None),
        (lambda: RootKey(KEY), (signing, "HKDF")),
        (lambda: RootKey(KEY), (aead, "AESGCM")),
    ],
    "rootkey.RootKey.from_text": [
        *((lambda text=text: RootKey.from_text(text), None) for text in (TEXT[1:], TEXT[:-1], TEXT[:-1] + "!")),
        (lambda: RootKey.from_text(TEXT[:-2] + TEXT[-2:].swapcase()), None),
        (lambda: RootKey.from_text(TEXT), (signing, "HKDF")),
        (lambda: RootKey.from_text(TEXT), (rootkey, "length_prefixed")),
    ],
    "rootkey.generate_root_key_text": [(rootkey.generate_root_key_text, (rootkey, "_checksum"))],
    "rootkey.new_tenant_key": [
        (lambda: rootkey.new_tenant_key(ROOT, scope="", purpose="data", version=1, use=KeyUse.WRAP), None),
        (
            lambda: rootkey.new_tenant_key(ROOT, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP),
            (rootkey, "TenantKey"),
        ),
    ],
    "rootkey.root_key_material": [
        (lambda: rootkey.root_key_material(TEXT[:-1] + "!"), None),
        (lambda: rootkey.root_key_material(TEXT), (rootkey, "_checksum")),
    ],
    "rootkey.root_key_text": [
        (lambda: rootkey.root_key_text(KEY[1:]), None),
        (lambda: rootkey.root_key_text(KEY), (rootkey, "_checksum")),
    ],
    "rootkey.wrap": [
        (lambda: rootkey.wrap(ROOT, KEY[1:], scope=ACME, purpose="data", version=1), None),
        (lambda: rootkey.wrap(ROOT, KEY, scope="", purpose="data", version=1), None),
        (lambda: rootkey.wrap(ROOT, KEY, scope=ACME, purpose="data", version=1), (rootkey, "tenant_key_aad")),
    ],
    "rootkey.unwrap": [
        (lambda: _unwrap(_altered(WRAPPED, 40)), None),
        (lambda: _unwrap(WRAPPED[:-1]), None),
        (lambda: _unwrap(root=RootKey(bytes(32))), None),
        (lambda: _unwrap(version=2), None),
        (lambda: _unwrap(key_id=bytes(16)), None),
        (_unwrap, (rootkey, "TenantKey")),
        (_unwrap, (signing, "HKDF")),
    ],
    "sealing.SealedRootKey.opened": [
        (lambda: SealedRootKey("openbao", bytes(16), b"x").opened(KEY), None),
        (lambda: SealedRootKey("openbao", bytes(16), b"x").opened(KEY[1:]), None),
        (lambda: SealedRootKey("openbao", bytes(16), b"x").opened(KEY), (signing, "HKDF")),
    ],
    "shares.split": [
        (lambda: shares.split(TEXT, threshold=1, shares=3), None),
        (lambda: shares.split(TEXT[:-1], threshold=2, shares=3), None),
        (lambda: shares.split(TEXT, threshold=2, shares=3), (cipher, "_xor")),
        (lambda: shares.split(TEXT, threshold=2, shares=3), (rs1024, "create_checksum")),
    ],
    "shares.combine": [
        (lambda: shares.combine([SHARES[0]]), None),
        (lambda: shares.combine([SHARES[0], SHARES[0]]), None),
        (lambda: shares.combine([SHARES[0], OTHERS[1]]), None),
        (lambda: shares.combine([SHARES[0], SHARES[1] + " duck"]), None),
        (lambda: shares.combine([SHARES[0], "duck" + SHARES[1]]), None),
        (lambda: shares.combine([SHARES[0], " ".join(sorted(SHARES[1].split()))]), None),
        (lambda: shares.combine(SHARES), (shares, "root_key_text")),
        (lambda: shares.combine(SHARES), (rs1024, "verify_checksum")),
        (lambda: shares.combine(SHARES), (cipher, "_xor")),
    ],
    "shares.read_share": [
        (lambda: shares.read_share(SHARES[0] + " duck"), None),
        (lambda: shares.read_share(" ".join(sorted(SHARES[0].split()))), None),
    ],
    "shares.normalized": [
        (lambda: shares.normalized(SHARES[0] + " duck"), None),
        (lambda: shares.normalized(SHARES[0]), (rs1024, "create_checksum")),
    ],
    "signing.derive": [
        (lambda: signing.derive(KEY, info=b"x", length=10_000), None),
        (lambda: signing.derive(KEY, info=b"x"), (signing, "HKDF")),
    ],
    "signing.hmac_sha256": [
        (lambda: signing.hmac_sha256(KEY, VALUE), (hmac, "digest")),
        (lambda: signing.hmac_sha256(KEY, None), None),  # type: ignore[arg-type]  # that is what is tested
    ],
    "signing.signer": [
        (lambda: signing.signer(KEY[1:]), None),
        (lambda: signing.signer(KEY), (signing, "Ed25519PrivateKey")),
    ],
}
_SECRETS: list[bytes] = [KEY[:12], DEK[:12], VALUE[:12], TEXT[9:20].encode()]
_JOBS = [signing.length_prefixed(label, b"data") for label in keyring._LABELS.values()]
_SECRETS += [signing.derive(KEY, info=info)[:12] for info in (*_JOBS, rootkey._WRAP_TENANT_KEY)]
_SECRETS += [" ".join(share.split()[6:8]).encode() for share in (*SHARES, *OTHERS)]


def _reached(value: object, seen: set[int]) -> Iterator[object]:
    """A value and everything that it holds, except for what a redacted holder keeps to itself."""
    if id(value) in seen or isinstance(value, (Confidential, type, types.ModuleType)):
        return
    seen.add(id(value))
    yield value
    inside: list[object] = []
    if isinstance(value, dict):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside = list(value)
    elif isinstance(value, types.FunctionType):
        inside = [cell.cell_contents for cell in value.__closure__ or ()]
    elif dataclasses.is_dataclass(value):
        inside = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, BaseException):
        inside = [value.args, value.__cause__, value.__context__, vars(value)]
        trace = value.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals["__name__"] != __name__:
                inside.append(trace.tb_frame.f_locals)
            trace = trace.tb_next
    elif hasattr(value, "__dict__"):
        inside = [vars(value)]
    for each in inside:
        yield from _reached(each, seen)


def _shows(value: object) -> bool:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        if len(raw) == 32 and raw == bytes(32):
            return False
    elif isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass")
    elif isinstance(value, int) and value.bit_length() > 64:
        raw = value.to_bytes(64, "big")
    elif isinstance(value, list) and value and all(isinstance(each, int) for each in value):
        words = [wordlist.WORDLIST[each] for each in value if 0 <= each < 1024]
        raw = " ".join(words).encode()
    else:
        return False
    return any(secret in raw or secret.hex().encode() in raw for secret in _SECRETS)


def _caught(fail: Callable[[], object]) -> BaseException:
    try:
        fail()
    except BaseException as error:  # noqa: BLE001 - a KeyboardInterrupt must leave nothing either
        return error
    raise AssertionError("it did not fail")


_CASES = [
    pytest.param(fail, force, id=f"{name}-{number}")
    for name, ways in WAYS.items()
    for number, (fail, force) in enumerate(ways)
]


@pytest.mark.parametrize(("fail", "force"), _CASES)
def test_an_error_leads_to_no_secret(
    fail: Callable[[], object], force: Force | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = os.urandom
    monkeypatch.setattr(os, "urandom", lambda size: KEY if size == len(KEY) else random(size))  # what keys are made of
    if force:
        monkeypatch.setattr(*force, _Fails())
    error = _caught(fail)
    assert not force or isinstance(error, MemoryError)
    modules = set()
    trace = error.__traceback__
    while trace is not None:
        modules.add(trace.tb_frame.f_globals["__name__"])
        trace = trace.tb_next
    assert any(module.startswith("vault.crypto") for module in modules)
    shown = [value for value in _reached(error, set()) if _shows(value)]
    assert shown == []


def test_the_search_finds_what_is_there() -> None:
    def fails(material: bytes) -> NoReturn:
        held = [{"key": (material,)}]
        inner = lambda: held  # noqa: E731 - a closure is what is tested
        raise ValueError(len(held), inner)

    module = types.ModuleType("elsewhere")
    code = types.FunctionType(fails.__code__, module.__dict__)
    found = [value for value in _reached(_caught(lambda: code(KEY)), set()) if _shows(value)]
    assert KEY in found
    for form in (KEY, bytearray(KEY), KEY.hex(), TEXT, SHARES[0], int.from_bytes(KEY, "big"), VALUE.decode()):
        assert _shows(form)
    assert _shows(shares._numbers(SHARES[0].split()))


_SECRET_PARAMETERS = {"material", "plaintext", "padded", "seed", "mnemonic", "mnemonics", "root_key_text"}
_KEYS = {"derive", "hmac_sha256", "cipher", "totp"}  # whose `key` is bytes
_OTHERS = {  # what is secret in these has another name, or is made in them
    *("envelope.decrypt", "envelope.decrypt_in_context", "envelope.rewrap", "keyring.TenantKey.mac", "rootkey.unwrap"),
    *("rootkey.RootKey.from_text", "rootkey.root_key_material"),
    *("rootkey.generate_root_key_text", "rootkey.new_tenant_key"),
}


def _handlers() -> set[str]:
    """The public functions that are given a key, a share or a plaintext, by the names of their parameters."""
    found = set()
    for info in pkgutil.iter_modules(vault.crypto.__path__):
        module = importlib.import_module(f"vault.crypto.{info.name}")
        functions = dict(inspect.getmembers(module))
        for name, kind in inspect.getmembers(module, inspect.isclass):
            functions |= {f"{name}.{method}": function for method, function in vars(kind).items()}
        for name, function in functions.items():
            if not inspect.isfunction(function) or function.__module__ != module.__name__ or name.startswith("_"):
                continue
            parameters = set(inspect.signature(function).parameters)
            if parameters & _SECRET_PARAMETERS or (name in _KEYS and "key" in parameters):
                found.add(f"{info.name}.{name}")
    return found


def test_every_function_that_handles_a_secret_is_made_to_fail_here() -> None:
    assert _handlers() | _OTHERS == set(WAYS)


def test_places_stay_in_an_emptied_traceback() -> None:
    error = _caught(lambda: RootKey(KEY[1:]))
    lines = []
    trace = error.__traceback__
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    assert [name for name, _ in lines][-2:] == ["call", "__init__"]
    assert all(number for _, number in lines)


def test_scrubbing_ends_when_errors_go_in_a_circle() -> None:
    one, other = ValueError(), ValueError()
    one.__context__, other.__cause__ = other, one
    scrub(one)


def test_a_scrubbed_function_is_what_it_was() -> None:
    @scrubbed
    def double(number: int, *, times: int = 2) -> int:
        """Twice."""
        return number * times

    assert (double(4), double(4, times=3)) == (8, 12)
    assert (double.__name__, double.__doc__) == ("double", "Twice.")
