"""The two kinds of one-time code a person types: six digits of an authenticator, and a recovery code."""

import re
import secrets
import unicodedata
from base64 import b32encode
from urllib.parse import quote
from uuid import UUID

TOTP_DIGITS = 6
TOTP_STEP_SECONDS = 30
# One step either way: a telephone's clock may be off, and a code typed at its end arrives in the next (RFC 6238 §5.2).
TOTP_TOLERANCE = 1
TOTP_KEY_BYTES = 20  # RFC 4226 §4 R6 recommends 160 bits

RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10  # 80 bits: nothing to be guessed, even without a limiter
RECOVERY_CODES_LOW = 3

_DIGITS = re.compile(r"[0-9]{6}\Z")  # \d would let the digits of every script through
_RECOVERY_CODE = re.compile(r"[a-z2-7]{16}\Z")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


def new_totp_key() -> str:
    """A random key in base32 without padding, as authenticator apps take it."""
    return b32encode(secrets.token_bytes(TOTP_KEY_BYTES)).decode("ascii")


def totp_uri(*, key: str, account: str, issuer: str) -> str:
    """The `otpauth://` address in the QR code (Google Authenticator's key URI format, which every app reads)."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return (
        f"otpauth://totp/{label}?secret={key}&issuer={quote(issuer, safe='')}"
        f"&algorithm=SHA1&digits={TOTP_DIGITS}&period={TOTP_STEP_SECONDS}"
    )


def parse_totp_code(text: str) -> str | None:
    """Six ASCII digits, or None. Spaces and hyphens, as apps print them between groups, do not count."""
    digits = _SEPARATORS.sub("", text)
    return digits if _DIGITS.match(digits) else None


def totp_code_problem(text: str) -> str | None:
    """What is wrong with the spelling of a code, as a sentence for the person, or None."""
    code = _SEPARATORS.sub("", text)
    if not code:
        return "Enter the six digits that your authenticator app shows."
    if _DIGITS.match(code):
        return None
    if any(unicodedata.category(character) == "Nd" and not character.isascii() for character in code):
        return "Type the code with the plain digits 0 to 9: full-width digits and those of other scripts do not count."
    if not code.isdigit():
        return "The code has digits only. Enter the six digits that your authenticator app shows."
    return f"The code has six digits; this one has {len(code)}."


def new_recovery_code() -> str:
    """A fresh code as it is shown: four groups of four lower-case base32 characters."""
    return spell_recovery_code(b32encode(secrets.token_bytes(RECOVERY_CODE_BYTES)).decode("ascii").lower())


def spell_recovery_code(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def parse_recovery_code(text: str) -> str | None:
    """The sixteen characters of a code however it was typed (case, spaces, hyphens), or None if it cannot be one."""
    code = _SEPARATORS.sub("", text).lower()
    return code if _RECOVERY_CODE.match(code) else None


def recovery_code_message(device: UUID, code: str) -> bytes:
    """What the keyed hash of a code is taken over: bound to its person's set, and to this use of the key."""
    return b"recovery-code\x00" + device.bytes + code.encode("ascii")
