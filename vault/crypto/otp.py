"""Time-based one-time codes (RFC 6238 over RFC 4226): the key in, the digits out."""

from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from vault.crypto.secrecy import scrubbed

_ALGORITHMS: dict[str, type[SHA1] | type[SHA256] | type[SHA512]] = {"SHA1": SHA1, "SHA256": SHA256, "SHA512": SHA512}
ALGORITHMS = tuple(_ALGORITHMS)
"""The HMAC hashes that RFC 6238 knows, by the names that otpauth:// addresses use."""


@scrubbed
def totp(key: bytes, *, at: int, algorithm: str = "SHA1", digits: int = 6, period: int = 30) -> str:
    """The code at `at`, in seconds since the epoch: a string of `digits` (6 to 8) decimal digits.

    Keys shorter than RFC 4226's 128 bits are served, since sites hand them out. Raises ValueError for an algorithm
    that is not in ALGORITHMS, a number of digits out of range, an empty key or a period below one second.
    """
    if algorithm not in _ALGORITHMS:
        raise ValueError("unknown algorithm")
    if not key or period < 1:
        raise ValueError("a key and a period of at least one second are needed")
    generator = TOTP(key, digits, _ALGORITHMS[algorithm](), period, enforce_key_length=False)
    return generator.generate(at).decode("ascii")
