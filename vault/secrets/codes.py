"""The one-time codes of stored logins (RFC 6238): reading a key as sites hand it out, and the code of the moment."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from vault.crypto.otp import ALGORITHMS, totp
from vault.crypto.secrecy import Confidential

KEY_LIMIT = 256
"""Bytes of a key: twice the block of the widest hash, beyond which HMAC hashes the key first."""
PERIOD_LIMIT = 300
"""Seconds that a code may hold."""


class InvalidCodeKey(ValueError):
    """The text is no key of one-time codes; the message is a sentence for the person and never quotes it."""


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """The code of a moment: `text` of 6 to 8 digits, `seconds_left` until the next of every `period` seconds."""

    text: str
    seconds_left: int
    period: int

    def __repr__(self) -> str:
        return "<Code: redacted>"


class CodeKey(Confidential):
    """A key with its parameters: `algorithm` of vault.crypto.otp.ALGORITHMS, `digits`, `period` in seconds."""

    __slots__ = ("_key", "algorithm", "digits", "period")

    algorithm: str
    digits: int
    period: int
    _key: bytes

    def __init__(self, key: bytes, *, algorithm: str = "SHA1", digits: int = 6, period: int = 30) -> None:
        self._set(_key=key, algorithm=algorithm, digits=digits, period=period)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a base32 text (spaces, hyphens and case do not matter) or of an otpauth:// address
        (the Key Uri Format of Google Authenticator). Raises InvalidCodeKey."""
        if re.match(r"\s*otpauth:", text, re.IGNORECASE):
            return cls._parse_address(text.strip())
        return cls(_base32(text))

    @classmethod
    def _parse_address(cls, text: str) -> Self:
        try:
            address = urlsplit(text)
        except ValueError:
            raise InvalidCodeKey("The otpauth:// address is damaged. Copy it again.") from None
        if address.netloc.lower() != "totp":
            raise InvalidCodeKey("Only time-based codes are shown: the address must begin with otpauth://totp/.")
        parameters = {name.lower(): value for name, value in parse_qsl(address.query, keep_blank_values=True)}
        if "secret" not in parameters:
            raise InvalidCodeKey("The otpauth:// address has no secret= part. Copy the whole address.")
        algorithm = parameters.get("algorithm", "SHA1").upper().replace("-", "")
        if algorithm not in ALGORITHMS:
            raise InvalidCodeKey(f"The algorithm must be one of {', '.join(ALGORITHMS)}.")
        return cls(
            _base32(unquote(parameters["secret"])),
            algorithm=algorithm,
            digits=_number(parameters.get("digits", "6"), 6, 8, "The number of digits"),
            period=_number(parameters.get("period", "30"), 5, PERIOD_LIMIT, "The period, in seconds,"),
        )

    def code(self, at: float) -> Code:
        """The code at `at`, in seconds since the epoch."""
        moment = int(at)
        text = totp(self._key, at=moment, algorithm=self.algorithm, digits=self.digits, period=self.period)
        return Code(text, self.period - moment % self.period, self.period)


def _base32(text: str) -> bytes:
    compact = re.sub(r"[\s-]", "", text).rstrip("=").upper()
    if not compact or not re.fullmatch(r"[A-Z2-7]+", compact):
        raise InvalidCodeKey("A one-time code key has the letters A to Z and the digits 2 to 7. Copy it again.")
    try:
        key = base64.b32decode(compact + "=" * (-len(compact) % 8))
    except binascii.Error:
        raise InvalidCodeKey("The one-time code key is not complete. Copy it again, to its end.") from None
    if not key or len(key) > KEY_LIMIT:
        raise InvalidCodeKey(f"A one-time code key has between 1 and {KEY_LIMIT} bytes.")
    return key


def _number(text: str, least: int, most: int, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= most:
        raise InvalidCodeKey(f"{what} must be between {least} and {most}.")
    return int(text)
