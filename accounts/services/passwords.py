"""Choosing and changing a password."""

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.hashers import PASSWORD_MAX_LENGTH
from accounts.limiter import Door
from accounts.models import User
from accounts.services.proof import prove_password
from accounts.sessions import end_sessions
from audit.actions import Action
from audit.actor import Actor
from audit.services import append


@sensitive_variables("password")
def check_new_password(password: str, *, person: User) -> None:
    """Raises `ValidationError` with every reason why `password` cannot be the password of `person`.

    `person` need not be saved: its name and address are compared. The password is taken exactly as it was typed.
    """
    if len(password) > PASSWORD_MAX_LENGTH:
        raise ValidationError(
            f"A password may have at most {PASSWORD_MAX_LENGTH} characters; this one has {len(password):,}.",
            code="password_too_long",
        )
    validate_password(password, user=person)


@sensitive_variables("current", "new")
def change_password(*, actor: User, current: str, new: str, request: HttpRequest) -> User:
    """Gives `actor` a new password; every other session of theirs ends, the one of `request` gets a new key.

    Raises `PasswordRefused`, `ValidationError` for the new password, `TooManyAttempts`, `TooBusy`.
    """
    prove_password(actor, current, door=Door.PASSWORD_CHANGE)
    check_new_password(new, person=actor)
    encoded = make_password(new)  # before the transaction: hashing takes a tenth of a second
    with transaction.atomic():
        _set_password(actor, encoded)
        update_session_auth_hash(request, actor)  # gives the session a new key, too
        ended = end_sessions(actor, but=[request.session.session_key or ""])
        append(
            actor=actor.audit_actor,
            action=Action.ACCOUNT_PASSWORD_CHANGED,
            resource=actor.audit_resource,
            details={"sessions_ended": ended},
        )
    return actor


@sensitive_variables("new")
def replace_password(*, account: User, new: str, actor: Actor) -> User:
    """For whoever has a shell on the server: a new password for somebody who forgot theirs. All their sessions end.

    Raises `ValidationError` for the new password.
    """
    check_new_password(new, person=account)
    encoded = make_password(new)
    with transaction.atomic():
        _set_password(account, encoded)
        ended = end_sessions(account)
        append(
            actor=actor,
            action=Action.ACCOUNT_PASSWORD_CHANGED,
            resource=account.audit_resource,
            details={"sessions_ended": ended},
        )
    return account


def _set_password(user: User, encoded: str) -> None:
    user.password, user.password_changed_at = encoded, timezone.now()
    user.save(update_fields=["password", "password_changed_at"])
