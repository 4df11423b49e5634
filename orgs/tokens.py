"""One-time tokens of set-up links and invitations: 256 random bits in the link, a keyed hash of them in the database.

A stolen database therefore opens no link. Links carry the token in the fragment, which browsers keep to themselves,
so it is in no server log, proxy log or Referer header.
"""

import re
import secrets
from enum import StrEnum

from django.conf import settings

from vault.keys.peppers import keyed_hash, keyed_hash_candidates
from vault.keys.purposes import Purpose

TOKEN_BYTES = 32
TOKEN_LENGTH = 43
_SHAPE = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


class TokenUse(StrEnum):
    """What a token opens; part of what is hashed, so a token never opens anything else."""

    SETUP = "setup"
    INVITATION = "join"


def new_token() -> str:
    """`TOKEN_LENGTH` characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def well_formed(token: str) -> bool:
    """Whether `token` has the shape of one; anything else is refused before the database is asked."""
    return _SHAPE.fullmatch(token) is not None


def token_mac(use: TokenUse, token: str) -> bytes:
    """What is stored: the keyed hash under the active `token` key."""
    return keyed_hash(Purpose.TOKEN, _message(use, token))


def token_mac_candidates(use: TokenUse, token: str) -> list[bytes]:
    """One keyed hash per live `token` key, for an indexed lookup that survives a rotation."""
    return keyed_hash_candidates(Purpose.TOKEN, _message(use, token))


def token_link(use: TokenUse, token: str) -> str:
    """The link under the configured base URL; never under the Host header of a request."""
    return f"{settings.BASE_URL}/{use}/#{token}"


def _message(use: TokenUse, token: str) -> bytes:
    return f"{use}\0{token}".encode()
