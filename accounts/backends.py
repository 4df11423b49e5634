"""Checks an e-mail address and a password, with the same work whoever asks for whom."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts.emails import normalize_email
from accounts.models import User
from vault.seals import SealBroken, is_genuine, with_seal


class Refusal(StrEnum):
    """Why a sign-in was refused: for the log, never for the person at the door."""

    UNKNOWN = "unknown e-mail address"
    PASSWORD = "wrong password"  # noqa: S105 - a reason, not a password
    INACTIVE = "account is deactivated"
    NOT_GENUINE = "account is not as this program wrote it"


@dataclass(frozen=True, slots=True)
class Examination:
    """The account that was named, if it exists, and why it does not open, if it does not."""

    account: User | None
    refusal: Refusal | None

    @property
    def user(self) -> User | None:
        """The account that the credentials open."""
        return None if self.refusal else self.account


class EmailBackend(BaseBackend):
    """The one authentication backend."""

    @sensitive_variables("password")
    def examine(self, *, email: str, password: str) -> Examination:
        """One lookup and one password hash, whether the address is unknown, the password wrong or unusable, or the
        account deactivated (CVE-2024-39329, CVE-2025-13473). Raises `TooBusy`."""
        user = with_seal(User.objects.filter(email_key=normalize_email(email))).first()
        if user is None:
            make_password(password)
            return Examination(None, Refusal.UNKNOWN)
        try:
            right = user.check_password(password)
        except SealBroken:  # it was right, and is not renewed for a row that somebody else wrote
            right = True
        if not right:
            return Examination(user, Refusal.PASSWORD)
        if not is_genuine(user):
            return Examination(user, Refusal.NOT_GENUINE)
        if not user.is_active:
            return Examination(user, Refusal.INACTIVE)
        return Examination(user, None)

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """What Django's `authenticate()` asks; the sign-in itself uses `examine`, for the reason."""
        if email is None or password is None:
            return None
        return self.examine(email=email, password=password).user

    def get_user(self, user_id: UUID) -> User | None:
        """The account of a session; None once it is deactivated, which ends its sessions at their next request, and
        None for a row that is not genuine."""
        user = with_seal(User.objects.filter(pk=user_id, is_active=True)).first()
        return user if is_genuine(user) else None
