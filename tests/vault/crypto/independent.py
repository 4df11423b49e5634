"""The formats of vault/crypto read by code that knows nothing but FORMAT.md. Nothing here calls `vault.crypto`."""

import base64
import hashlib
import hmac
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def lp(*parts: bytes) -> bytes:
    """Each part after its length as a big-endian u32."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-256 with an empty salt."""
    return HKDF(hashes.SHA256(), length, None, info).derive(key)


def key_id(key: bytes) -> bytes:
    """The 16 bytes that name a key."""
    return hkdf(key, b"holdfast/v1/key-id", 16)


def root_key(text: str) -> bytes:
    """The 32 bytes in the text of a root key."""
    assert text.startswith("hfroot1-")
    decoded = base64.b64decode(text[8:], altchars=b"-_", validate=True)
    key, checksum = decoded[:32], decoded[32:]
    assert checksum == hashlib.sha256(lp(b"holdfast/v1/root-key-text") + key).digest()[:4]
    return key


def tenant_key(wrapped: bytes, *, root: bytes, scope: str, purpose: str, version: int) -> bytes:
    """The 32 bytes in a wrapped tenant key."""
    assert len(wrapped) == 77
    assert wrapped[:17] == b"\x01" + key_id(root)
    aad = lp(b"holdfast/v1/wrap-tenant-key") + wrapped[:17]
    aad += lp(scope.encode(), purpose.encode(), version.to_bytes(4, "big"))
    return AESGCM(hkdf(root, b"holdfast/v1/wrap-tenant-key", 32)).decrypt(wrapped[17:29], wrapped[29:], aad)


def value(
    envelope: bytes, *, key: bytes, purpose: str, scope: str, table: str, column: str, row: str, row_version: int
) -> bytes:
    """The plaintext in an envelope, under the 32 bytes of a tenant key."""
    assert envelope[:17] == b"\x01" + key_id(key)
    place = lp(b"holdfast/v1/value") + b"\x01" + lp(scope.encode(), table.encode(), column.encode())
    place += UUID(row).bytes + row_version.to_bytes(8, "big")
    wrapping = AESGCM(hkdf(key, lp(b"holdfast/v1/wrap-dek", purpose.encode()), 32))
    dek = wrapping.decrypt(envelope[17:29], envelope[29:77], lp(b"holdfast/v1/wrap-dek") + envelope[:17] + place)
    body = AESGCM(dek).decrypt(envelope[77:89], envelope[89:], place)
    length = int.from_bytes(body[32:36], "big")
    assert body[:32] == bytes(32)
    assert not any(body[36 + length :])
    assert len(body) == 32 + padme(4 + length)
    return body[36 : 36 + length]


def padme(size: int) -> int:
    """The bucket of a size (Nikitin et al., §4): as many low bits are zero as the exponent's own length leaves."""
    if size <= 64:
        return 64
    exponent = size.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-size // step) * step


def keyed_hash(key: bytes, purpose: str, message: bytes) -> bytes:
    """Key id and MAC of a token, link or code."""
    mac_key = hkdf(key, lp(b"holdfast/v1/mac", purpose.encode()), 32)
    return key_id(key) + hmac.digest(mac_key, lp(b"holdfast/v1/keyed-hash") + message, hashlib.sha256)


def private_key(key: bytes, purpose: str) -> Ed25519PrivateKey:
    """The key that a tenant key signs with."""
    return Ed25519PrivateKey.from_private_bytes(hkdf(key, lp(b"holdfast/v1/sign", purpose.encode()), 32))


def note_text(note: str, *, verifier: str) -> str:
    """The text of a note with one signature, by the key of a verifier text."""
    name, key_hash, encoded = verifier.split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    assert typed[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()[:8] == key_hash
    text, _, line = note.rpartition("\n\n")
    dash, signer, signed = line.rstrip("\n").split(" ")
    signature = base64.b64decode(signed, validate=True)
    assert (dash, signer, signature[:4].hex()) == ("—", name, key_hash)
    Ed25519PublicKey.from_public_bytes(typed[1:]).verify(signature[4:], f"{text}\n".encode())
    return f"{text}\n"
