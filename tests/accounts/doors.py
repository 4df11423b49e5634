"""Walking through the doors of an account as a browser does."""

import time
from base64 import b32decode
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP

from accounts.models import TOTPDevice, User
from accounts.services.second_factor import _renew_codes
from tests.cast import PASSWORD, authenticator_of


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Sends the sign-in form."""
    return client.post(reverse("accounts:sign_in"), {"email": email, "password": password}, **extra)


def enter_code(client: Client, code: str, **extra: Any) -> Any:
    """Sends the form of the second step."""
    return client.post(reverse("accounts:sign_in_code"), {"code": code}, **extra)


def enter_recovery_code(client: Client, code: str) -> Any:
    """Sends the form for recovery codes."""
    return client.post(reverse("accounts:sign_in_recovery"), {"code": code})


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the authenticator shows now, or `steps` half-minutes from now."""
    return code_shown(device.key, steps=steps)


def code_shown(key: str, *, steps: int = 0) -> str:
    """The same, by the key that the authenticator was given."""
    totp = TOTP(b32decode(key))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def wrong_code(device: TOTPDevice) -> str:
    """Six digits that are not accepted now."""
    right = {code_of(device, steps=steps) for steps in range(-2, 3)}
    return next(code for number in range(10) if (code := f"{number:06d}") not in right)


def recovery_codes_of(user: User) -> list[str]:
    """A person with an authenticator and fresh recovery codes."""
    authenticator_of(user)
    with transaction.atomic():
        return _renew_codes(user)
