"""One-time codes of stored logins."""

import base64

import pytest

from vault.crypto.otp import totp
from vault.secrets.codes import CodeKey, InvalidCodeKey

SEEDS = {
    "SHA1": b"12345678901234567890",
    "SHA256": b"12345678901234567890123456789012",
    "SHA512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
# RFC 6238, Appendix B: seconds since the epoch, and the code of eight digits per algorithm.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
KEY = base64.b32encode(SEEDS["SHA1"]).decode()


@pytest.mark.parametrize(
    ("at", "algorithm", "expected"),
    [(at, algorithm, code) for at, *codes in VECTORS for algorithm, code in zip(SEEDS, codes, strict=True)],
)
def test_it_gives_the_codes_of_rfc_6238(at: int, algorithm: str, expected: str) -> None:
    assert totp(SEEDS[algorithm], at=at, algorithm=algorithm, digits=8) == expected
    secret = base64.b32encode(SEEDS[algorithm]).decode().rstrip("=")
    address = (
        f"otpauth://totp/Site:me%40example.com?secret={secret}&algorithm={algorithm}&digits=8&period=30&issuer=Site"
    )
    assert CodeKey.parse(address).code(at).text == expected


@pytest.mark.parametrize("at", [0, 29.9, 30, 59, 89.99])
def test_it_says_how_long_a_code_holds(at: float) -> None:
    code = CodeKey.parse(KEY).code(at)
    assert code.seconds_left == 30 - int(at) % 30
    assert 1 <= code.seconds_left <= 30
    assert CodeKey.parse(KEY).code(int(at) + code.seconds_left).text != code.text


def test_it_reads_a_key_as_people_copy_it() -> None:
    spaced = " ".join(KEY[i : i + 4] for i in range(0, len(KEY), 4)).lower()
    for text in (KEY, KEY + "====", spaced, spaced.replace(" ", "-"), f"\n{KEY}\n"):
        assert CodeKey.parse(text).code(59).text == "287082"


@pytest.mark.parametrize(
    "text",
    [
        "not a key!", "", "   ", "A", "otpauth://hotp/x?secret=" + KEY, "otpauth://totp/x", "otpauth://totp/x?secret=",
        f"otpauth://totp/x?secret={KEY}&digits=5", f"otpauth://totp/x?secret={KEY}&digits=9", f"otpauth://totp/x?secret={KEY}&digits=x",
        f"otpauth://totp/x?secret={KEY}&period=0", f"otpauth://totp/x?secret={KEY}&period=100000", f"otpauth://totp/x?secret={KEY}&algorithm=MD5",
        "otpauth://[", "A" * 5000, "１２３４５６７", f"otpauth://totp/x?secret={KEY}&digits=６",
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_key_and_does_not_quote_it(text: str) -> None:
    with pytest.raises(InvalidCodeKey) as raised:
        CodeKey.parse(text)
    assert KEY not in str(raised.value)
    assert str(raised.value).endswith(".")


def test_it_shows_neither_key_nor_code_in_repr() -> None:
    key = CodeKey.parse(KEY)
    assert "287082" not in repr(key.code(59))
    assert "12345" not in repr(key)
