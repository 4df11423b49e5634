"""Tenant keys in memory: what one key may do, and the frozen ring of the keys of one scope and purpose."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NoReturn, Self

from vault.crypto import aead
from vault.crypto.errors import KeyMisuse, KeyUnavailable
from vault.crypto.fingerprint import KEY_ID_SIZE, fingerprint
from vault.crypto.secrecy import Confidential, scrub, scrubbed
from vault.crypto.signing import Signer, derive, hmac_sha256, length_prefixed, public_key_of, signer

_KEY_ID = b"holdfast/v1/key-id"
_WRAP_DEK = b"holdfast/v1/wrap-dek"
_MAC = b"holdfast/v1/mac"
_SIGN = b"holdfast/v1/sign"


class KeyUse(StrEnum):
    """The one job of a tenant key. No key does two."""

    WRAP = "wrap"
    """Wraps the data keys of values."""
    MAC = "mac"
    """Authenticates: tokens, events, rows."""
    SIGN = "sign"
    """Signs reports, for whoever has the public key."""


_LABELS = {KeyUse.WRAP: _WRAP_DEK, KeyUse.MAC: _MAC, KeyUse.SIGN: _SIGN}
_JOBS = {"dek_cipher": "encryption", "_mac_key": "MACs", "_signer": "signatures", "public_key": "signatures"}
"""What a key can do, by the attribute that does it."""


@scrubbed
def key_id_of_key(material: bytes) -> bytes:
    """The 16-byte id of a key, derived from the key: whoever has another key has another id, and can be told so."""
    return derive(material, info=_KEY_ID, length=KEY_ID_SIZE)


class TenantKey(Confidential):
    """One tenant key, ready for its one job.

    Holds no key but the one derived for that job (HKDF with the job's label and the purpose): even the same 32 bytes
    under two purposes would be two unrelated keys. ``scope``, ``purpose``, ``version`` name its row; ``key_id`` has
    16 bytes.
    """

    __slots__ = ("_mac_key", "_signer", "dek_cipher", "key_id", "public_key", "purpose", "scope", "use", "version")

    key_id: bytes
    scope: str
    purpose: str
    version: int
    use: KeyUse
    dek_cipher: aead.Cipher
    """Wraps DEKs. On a key that is for anything else it raises KeyMisuse."""
    public_key: bytes
    """Ed25519 (RFC 8032), 32 bytes: verifies what ``sign`` signed. On a key that does not sign it raises KeyMisuse."""
    _mac_key: bytes
    _signer: Signer

    @scrubbed
    def __init__(self, material: bytes, *, scope: str, purpose: str, version: int, use: KeyUse) -> None:
        """``material``: 32 random bytes, else ValueError."""
        if len(material) != aead.KEY_SIZE:
            raise ValueError(f"A tenant key has {aead.KEY_SIZE} bytes.")
        derived = derive(material, info=length_prefixed(_LABELS[use], purpose.encode()))
        self._set(
            key_id=key_id_of_key(material),
            scope=scope,
            purpose=purpose,
            version=version,
            use=use,
        )
        if use is KeyUse.WRAP:
            self._set(dek_cipher=aead.cipher(derived))
        elif use is KeyUse.MAC:
            self._set(_mac_key=derived)
        else:
            private = signer(derived)
            self._set(_signer=private, public_key=public_key_of(private))

    def __repr__(self) -> str:
        return f"<TenantKey {fingerprint(self.key_id)}: {self.purpose} of {self.scope}, version {self.version}>"

    def __getattr__(self, name: str) -> NoReturn:
        # Reached for what is not set: the parts that belong to the jobs this key does not do.
        if name in _JOBS:
            raise KeyMisuse(f"The {self.purpose} key {fingerprint(self.key_id)} is not for {_JOBS[name]}.")
        raise AttributeError(name)

    def mac(self, label: str, message: bytes) -> bytes:
        """HMAC-SHA-256 over the length-prefixed label and the message: 32 bytes.

        ``label`` says what kind of thing is authenticated; two kinds never share one. Raises KeyMisuse on a key that
        is not for MACs.
        """
        try:
            return hmac_sha256(self._mac_key, length_prefixed(label.encode()) + message)
        except BaseException as error:
            del message
            scrub(error)
            raise

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of the message (RFC 8032): 64 bytes, the same each time.

        Reports are signed as notes (``vault.crypto.notes``). Raises KeyMisuse on a key that is not for signatures.
        """
        return self._signer.sign(message)


class Keyring(Confidential):
    """The tenant keys of one scope and purpose: one writes, all read. Frozen; a change gives another ring.

    ``scope``, ``purpose``: what all its keys are for.
    """

    __slots__ = ("_active", "_keys", "purpose", "scope")

    scope: str
    purpose: str
    _keys: dict[bytes, TenantKey]
    _active: bytes | None

    def __init__(self, scope: str, purpose: str) -> None:
        """A ring without keys."""
        self._set(scope=scope, purpose=purpose, _keys={}, _active=None)

    def with_key(self, key: TenantKey, *, active: bool = False) -> Self:
        """This ring and one key more, which becomes the writing one if ``active``. This ring stays as it was.

        Raises KeyMisuse if the key belongs to another scope or purpose.
        """
        if (key.scope, key.purpose) != (self.scope, self.purpose):
            raise KeyMisuse(
                f"The key {fingerprint(key.key_id)} is for {key.purpose} of {key.scope}, "
                f"not for {self.purpose} of {self.scope}."
            )
        ring = type(self)(self.scope, self.purpose)
        ring._set(_keys={**self._keys, key.key_id: key}, _active=key.key_id if active else self._active)
        return ring

    @property
    def active(self) -> TenantKey:
        """The key that writes. Raises NoActiveKey if there is none."""
        if self._active is None:
            raise NoActiveKey(self.scope, self.purpose)
        return self._keys[self._active]

    def get(self, key_id: bytes) -> TenantKey:
        """The key with this id. Raises KeyUnavailable."""
        try:
            return self._keys[key_id]
        except KeyError:
            self._missing(key_id)

    def _missing(self, key_id: bytes) -> NoReturn:
        raise KeyUnavailable(
            key_id,
            kind=f"{self.purpose} key of {self.scope}",
            remedy="Restore its row in the key table from a backup.",
        ) from None

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    def __iter__(self) -> Iterator[TenantKey]:
        """All keys, the writing one first."""
        return iter(sorted(self._keys.values(), key=lambda key: (key.key_id != self._active, -key.version)))

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        named = ", ".join(fingerprint(key.key_id) for key in self)
        return f"<Keyring {self.purpose} of {self.scope}: {named or 'no keys'}>"


class NoActiveKey(KeyUnavailable):
    """A ring has no key to write with. There is no id to name: none was made yet, or all were retired."""

    def __init__(self, scope: str, purpose: str) -> None:
        self.key_id = bytes(KEY_ID_SIZE)
        self.scope, self.purpose = scope, purpose
        Exception.__init__(
            self, f"There is no active {purpose} key for {scope}. Create one before anything is stored there."
        )
