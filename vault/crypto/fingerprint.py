"""How keys are named: a 16-byte id derived from the key itself, and the short form shown to people."""

import re

KEY_ID_SIZE = 16
"""Bytes in a key id."""

_SHOWN_BYTES = 8


def fingerprint(key_id: bytes) -> str:
    """The form of a key id that is shown to people: its first 8 bytes in hex, in groups of four digits.

    ``fingerprint(bytes(16))`` is ``"0000-0000-0000-0000"``. An id is public: it is a one-way derivation of the key.
    """
    if len(key_id) != KEY_ID_SIZE:
        raise ValueError(f"A key id has {KEY_ID_SIZE} bytes.")
    return "-".join(re.findall("....", key_id[:_SHOWN_BYTES].hex()))
