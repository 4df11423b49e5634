"""Signed notes as C2SP specifies them, and as the package that they come from writes and reads them.

The notes and keys of PeterNeumann and EnochRoot are those of Go's golang.org/x/mod/sumdb/note.
"""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vault.crypto.conftest import new_key
from vault.crypto.errors import KeyMisuse
from vault.crypto.keyring import KeyUse, TenantKey
from vault.crypto.notes import (
    MAX_SIGNATURES,
    BadSignature,
    BadVerifierText,
    read_verifier_text,
    sign_note,
    verifier_text,
    verify_note,
)
from vault.crypto.signing import public_key_of, signer

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
NOTE = f"{TEXT}\n{BY_PETER}"
# The example of the specification. Its public key is not published.
QUASIMODO = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore \
NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""

peter = read_verifier_text(PETER)._asdict()
enoch = read_verifier_text(ENOCH)._asdict()
KEY = TenantKey(bytes(range(32)), scope="system", purpose="sign", version=1, use=KeyUse.SIGN)
NAME = "vault.example.com/reports"


def _peters_key() -> TenantKey:
    private = signer(base64.b64decode(PETERS_SECRET)[1:])
    key = new_key("system", "sign", use=KeyUse.SIGN)
    key._set(_signer=private, public_key=public_key_of(private))
    return key


def test_it_signs_as_go_does() -> None:
    assert sign_note(TEXT, name="PeterNeumann", key=_peters_key()) == NOTE


def test_it_verifies_what_go_signed() -> None:
    assert verify_note(NOTE, **peter) == TEXT
    both = NOTE + BY_ENOCH
    assert verify_note(both, **peter) == verify_note(both, **enoch) == TEXT
    assert verify_note(NOTE + BY_PETER, **peter) == TEXT


def test_it_writes_and_reads_public_keys_as_go_does() -> None:
    for text in (PETER, ENOCH):
        assert verifier_text(*read_verifier_text(text)) == text
    assert verifier_text("PeterNeumann", _peters_key().public_key) == PETER


def _verifier(name: str, typed: bytes = b"\x01" + bytes(32)) -> str:
    """What a verifier text would be, with a hash that fits, whatever name and key are."""
    key_hash = hashlib.sha256(f"{name}\n".encode() + typed).hexdigest()[:8]
    return f"{name}+{key_hash}+{base64.b64encode(typed).decode()}"


def test_it_refuses_every_mangled_public_key() -> None:
    mangled = {PETER[start:end] for start in range(len(PETER)) for end in range(start, len(PETER) + 1)} - {PETER}
    mangled |= {PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :] for at in range(len(PETER))}
    mangled.add("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")  # another length
    mangled.add("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")  # another algorithm
    mangled.add(PETER.replace("c74f20a3", "C74F20A3"))
    mangled |= {_verifier("Peter Neumann"), _verifier(""), _verifier("Peter", b"\x01" + bytes(33))}
    mangled |= {
        _verifier("Peter", b"\x01" + bytes(31)),
        _verifier("Peter", b"\x02" + bytes(32)),
        _verifier("Peter", b""),
    }
    for text in mangled:
        with pytest.raises(BadVerifierText):
            read_verifier_text(text)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], min_codepoint=0x20) | st.just("\n"), max_size=300),
    st.text(
        alphabet=st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="+"), min_size=1, max_size=40
    ),
)
def test_it_gives_back_any_text_under_any_name(text: str, name: str) -> None:
    note = sign_note(text + "\n", name=name, key=KEY)
    assert verify_note(note, name=name, public_key=KEY.public_key) == text + "\n"
    assert verify_note(note + BY_PETER, name=name, public_key=KEY.public_key) == text + "\n"
    assert read_verifier_text(verifier_text(name, KEY.public_key)) == (name, KEY.public_key)


@pytest.mark.parametrize(
    "text", ["a\n\n", "\n", "\n\n\n", "a\n\n— PeterNeumann AAAA\n", f"{NOTE}", "é€😀\u2028x\x85y\n"]
)
def test_a_text_that_looks_like_a_note_is_a_text(text: str) -> None:
    assert verify_note(sign_note(text, name=NAME, key=KEY), name=NAME, public_key=KEY.public_key) == text


def test_every_change_of_a_note_is_noticed() -> None:
    for place in range(len(NOTE)):
        for altered in (NOTE[:place] + NOTE[place + 1 :], NOTE[:place] + "B" + NOTE[place:], NOTE[:place]):
            if altered != NOTE:
                with pytest.raises(BadSignature):
                    verify_note(altered, **peter)


def test_a_signature_by_nobody_known_is_none() -> None:
    for note in (QUASIMODO, f"{TEXT}\n{BY_ENOCH}", f"{TEXT}\n{BY_PETER.replace('PeterNeumann', 'peter')}"):
        with pytest.raises(BadSignature, match=r"no signature by PeterNeumann\+c74f20a3\+"):
            verify_note(note, **peter)


def test_a_key_of_the_same_hash_is_another_key_if_its_name_is_another() -> None:
    with pytest.raises(BadSignature, match="no signature by"):
        verify_note(NOTE, name="CarmenSandiego", public_key=peter["public_key"])


def test_one_bad_signature_by_the_key_spoils_the_note() -> None:
    forged = base64.b64encode(base64.b64decode(BY_PETER.rsplit(maxsplit=1)[-1])[:4] + bytes(64)).decode()
    for added in (BY_PETER + f"— PeterNeumann {forged}\n", f"— PeterNeumann {forged}\n" + BY_PETER):
        with pytest.raises(BadSignature, match="does not fit"):
            verify_note(f"{TEXT}\n{added}", **peter)
    assert verify_note(NOTE + f"— EnochRoot {forged}\n", **peter) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        "\n" + BY_PETER,
        TEXT + BY_PETER,
        NOTE[:-1],
        NOTE + "\n",
        "\x01" + NOTE,
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("problem", "prob\tlem"),
        "\ud800" + NOTE,
        NOTE + "Unexpected line.\n",
        NOTE + "— Bad Name x08go/ZJ\n",
        NOTE + "— Bad+Name x08go/ZJ\n",
        NOTE + "— Bad\u00a0Name x08go/ZJ\n",
        NOTE + "—  x08go/ZJ\n",
        NOTE + "— Name \n",
        NOTE + "— Name x08go/ZJ \n",
        NOTE + "— Name x08go/Z\n",
        NOTE + "— Name x08g-_ZJ\n",
        NOTE + "— Name x08goz==\n",
        NOTE + "— Name x08go/ZJAB==\n",
        NOTE + "— Name x08go/ZJX",
        NOTE + "— Name x08go/ZJ\x7f\n",
        NOTE + "— Name x08g\u00e9/ZJ\n",
        NOTE + "— Name AAAA\n",
        NOTE + "- Name x08go/ZJ\n",
        NOTE + "—Name x08go/ZJ\n",
        f"{TEXT}\n" + BY_PETER * (MAX_SIGNATURES + 1),
    ],
)
def test_it_refuses_what_is_no_note(note: str) -> None:
    with pytest.raises(BadSignature):
        verify_note(note, **peter)


def test_it_says_what_is_missing() -> None:
    with pytest.raises(BadSignature, match="no empty line before"):
        verify_note("a text\n", **peter)
    with pytest.raises(BadSignature, match="no signature follows"):
        verify_note("a text\n\n", **peter)


def test_it_takes_as_many_signatures_as_go_does() -> None:
    assert verify_note(f"{TEXT}\n" + BY_PETER * MAX_SIGNATURES, **peter) == TEXT


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "bell\x07\n", "\r\n", "\x1f\n", "half \ud800\n"])
def test_it_signs_no_text_that_no_note_can_hold(text: str) -> None:
    with pytest.raises(ValueError, match="it "):
        sign_note(text, name=NAME, key=KEY)


@pytest.mark.parametrize(
    "name", ["", "two words", "a+b", "tab\t", "new\nline", "nbsp\u00a0", "line\u2028", "\x00", "\ud800"]
)
def test_it_signs_under_no_name_that_no_note_can_hold(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        sign_note(TEXT, name=name, key=KEY)
    with pytest.raises(ValueError, match="name"):
        verifier_text(name, KEY.public_key)


def test_a_public_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        verifier_text(NAME, bytes(31))


def test_only_a_key_for_signatures_signs_notes() -> None:
    for use in (KeyUse.WRAP, KeyUse.MAC):
        with pytest.raises(KeyMisuse, match="not for signatures"):
            sign_note(TEXT, name=NAME, key=new_key(use=use))
