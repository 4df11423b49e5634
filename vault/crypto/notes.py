"""Signed notes: a text that anyone who has the public key can verify, in a format that other tools read as well.

The format is C2SP's signed-note with its Ed25519 signatures (https://c2sp.org/signed-note), which Go's ``sumdb/note``
introduced::

    text, ending in a newline
    <empty line>
    — name base64(key hash 4 | signature 64)

The public half of a key is told as a *verifier text*: ``name+hash+base64(01 | public key)``.
"""

import base64
import hashlib
from typing import NamedTuple

from vault.crypto.errors import CryptoError
from vault.crypto.keyring import TenantKey
from vault.crypto.signing import PUBLIC_KEY_SIZE, signature_verifies

_ED25519 = b"\x01"
_HASH_SIZE = 4
_DASH = "— "
MAX_SIGNATURES = 100
"""A note with more signatures is refused, as by Go's implementation. The specification asks for 16 at least."""


class BadSignature(CryptoError):
    """A note is not signed by the key it should be signed by, or is no note. The message says in which way."""


class BadVerifierText(CryptoError, ValueError):
    """A text is not the public half of an Ed25519 key as C2SP writes it. The message says in which way."""


class Verifier(NamedTuple):
    """Whose signature a note should have. ``name``: the signer's; ``public_key``: 32 bytes of Ed25519."""

    name: str
    public_key: bytes


def sign_note(text: str, *, name: str, key: TenantKey) -> str:
    """The text with a signature by ``key``, to be handed out as it is.

    ``text`` ends in a newline and has no control character but newlines, else ValueError; the same for a ``name`` that
    is empty or has a space or a plus sign. Raises KeyMisuse on a key that is not for signatures.
    """
    problem = _problem_of_text(text) or _problem_of_name(name)
    if problem:
        raise ValueError(problem)
    signature = _key_hash(name, key.public_key) + key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {_base64(signature)}\n"


def verify_note(note: str, *, name: str, public_key: bytes) -> str:
    """The text of a note that ``name`` signed with the owner of ``public_key`` (32 bytes): all before the empty line.

    Signatures by others are ignored; every one by this key must verify. Raises BadSignature.
    """
    text, signatures = _parts(note)
    known = (name, _key_hash(name, public_key))
    ours = [signature for *signer, signature in signatures if tuple(signer) == known]
    if not ours:
        raise BadSignature(f"This note has no signature by {verifier_text(name, public_key)}.")
    if not all(signature_verifies(signature, text.encode(), public_key=public_key) for signature in ours):
        raise BadSignature("The signature does not fit the text: one of them was altered.")
    return text


def verifier_text(name: str, public_key: bytes) -> str:
    """The public half of a signing key, as other tools read it: ``name+hash+base64``, the *vkey* of C2SP.

    Raises ValueError for a name with a space or a plus sign, or a public key that has not 32 bytes.
    """
    if len(public_key) != PUBLIC_KEY_SIZE:
        raise ValueError(f"An Ed25519 public key has {PUBLIC_KEY_SIZE} bytes.")
    if problem := _problem_of_name(name):
        raise ValueError(problem)
    return f"{name}+{_key_hash(name, public_key).hex()}+{_base64(_ED25519 + public_key)}"


def read_verifier_text(text: str) -> Verifier:
    """Name and public key of a verifier text. Raises BadVerifierText."""
    name, _, rest = text.partition("+")
    encoded_hash, _, encoded_key = rest.partition("+")
    if _problem_of_name(name):
        raise BadVerifierText("It does not begin with a name and a plus sign.")
    key = _decoded(encoded_key)
    if key is None or key[:1] != _ED25519 or len(key) != 1 + PUBLIC_KEY_SIZE:
        raise BadVerifierText("It does not end with an Ed25519 public key in base64.")
    if encoded_hash != _key_hash(name, key[1:]).hex():
        raise BadVerifierText("The hash in it is not that of its name and key: a character was mistyped or lost.")
    return Verifier(name, key[1:])


def _key_hash(name: str, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_HASH_SIZE]


def _parts(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a note, and of each signature the name, the key hash and the bytes. Raises BadSignature."""
    end = note.rfind("\n\n")
    if end < 0:
        raise BadSignature("This is no signed note: there is no empty line before the signatures.")
    text, lines = note[: end + 1], note[end + 2 :]
    if problem := _problem_of_text(text) or (_problem_of_text(lines) if lines else "no signature follows the text."):
        raise BadSignature(f"This is no signed note: {problem}")
    split = lines[:-1].split("\n")
    if len(split) > MAX_SIGNATURES:
        raise BadSignature(f"This note has more than {MAX_SIGNATURES} signatures.")
    return text, [_signature(line) for line in split]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    decoded = _decoded(encoded)
    if not line.startswith(_DASH) or _problem_of_name(name) or decoded is None or len(decoded) <= _HASH_SIZE:
        raise BadSignature("This is no signed note: a line after the text is not a signature.")
    return name, decoded[:_HASH_SIZE], decoded[_HASH_SIZE:]


def _problem_of_text(text: str) -> str | None:
    if not text.endswith("\n"):
        return "it does not end in a newline."
    if any(character < " " and character != "\n" for character in text):
        return "it has a control character."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "it has half of a character."
    return None


def _problem_of_name(name: str) -> str | None:
    if not name or "+" in name or any(map(str.isspace, name)) or _problem_of_text(name + "\n"):
        return "A signer's name is not empty, and has no space, plus sign or control character."
    return None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decoded(text: str) -> bytes | None:
    """What standard base64 stands for (RFC 4648 §4), None if it is not the one way to write it."""
    try:
        data = base64.b64decode(text)
    except ValueError:
        return None
    return data if _base64(data) == text else None
