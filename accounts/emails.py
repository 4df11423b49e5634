"""One normalizer for e-mail addresses: wherever two addresses are compared, both went through it."""

import unicodedata


def normalize_email(address: str) -> str:
    """The key under which an address is unique, looked up, counted by the limiter and matched with an invitation.

    NFKC, then case folding, then NFKC again (folding can undo normalization), without outer white space: `Bob`,
    `bob `, `BOB` and full-width letters are one person. Idempotent. Mail goes to the address as it was entered,
    never to the key (CVE-2019-19844).
    """
    folded = unicodedata.normalize("NFKC", address).strip().casefold()
    return unicodedata.normalize("NFKC", folded).strip()
