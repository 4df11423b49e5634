"""Signing in, in one or two steps, and signing out.

Between the password and the code a person is *not* signed in: the session holds who would be, until when, and a hash
that a change of the password makes void. Django's `login` happens only at the end.
"""

import time
from enum import StrEnum
from typing import Any
from uuid import UUID

import django_otp
from django.contrib.auth import SESSION_KEY, login, logout
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables
from django_otp.models import Device

from accounts.backends import EmailBackend
from accounts.emails import normalize_email
from accounts.errors import SignInExpired, SignInRefused
from accounts.limiter import Door, guard
from accounts.models import User
from accounts.selectors import has_second_factor
from accounts.services.proof import prove_code, prove_recovery_code
from accounts.services.step_up import forget_proof
from accounts.sessions import SessionStore
from audit.actions import Action, Outcome, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from audit.services import append, record
from vault.context import current

PENDING = "pending_sign_in"
PENDING_SECONDS = 5 * 60
BACKEND = "accounts.backends.EmailBackend"


class SignInStep(StrEnum):
    """What comes after the password."""

    DONE = "done"
    CODE = "code"


class SessionEnd(StrEnum):
    """Why a session ended without being asked to."""

    IDLE = "idle"
    ABSOLUTE = "absolute"


@sensitive_variables("password")
def sign_in_with_password(*, request: HttpRequest, email: str, password: str) -> SignInStep:
    """Signs in whoever has no second factor; of whoever has one, remembers for five minutes that the password is right.

    Raises `SignInRefused` (the same, after the same work, whatever was wrong), `TooManyAttempts`, `TooBusy`.
    """
    guard(Door.SIGN_IN, account=email, ip=current().ip)
    examination = EmailBackend().examine(email=email, password=password)
    user = examination.user
    if user is None:  # the event has the same shape for everybody, as the answer has
        record(
            actor=Actor.anonymous(label=normalize_email(email)),
            action=Action.SIGN_IN_FAILED,
            outcome=Outcome.FAILURE,
            resource=Resource(
                ResourceKind.ACCOUNT,
                id=str(examination.account.uid) if examination.account else "",
                label=normalize_email(email),
            ),
            details={"door": str(Door.SIGN_IN), "reason": str(examination.refusal)},
        )
        raise SignInRefused
    with transaction.atomic():
        if has_second_factor(user):
            append(
                actor=Actor.anonymous(label=user.email_key),
                action=Action.SIGN_IN_PASSWORD_ACCEPTED,
                resource=user.audit_resource,
            )
            _wait_for_code(request, user)
            return SignInStep.CODE
        append(
            actor=user.audit_actor,
            action=Action.SIGN_IN_SUCCEEDED,
            resource=user.audit_resource,
            details={"method": "password"},
        )
        start_session(request=request, user=user)
    return SignInStep.DONE


@sensitive_variables("code")
def verify_second_factor(*, request: HttpRequest, code: str) -> User:
    """Completes the sign-in under way, or verifies a session that was opened before there was a second factor.

    Raises `CodeRefused`, `SignInExpired`, `NoSecondFactor`, `TooManyAttempts`.
    """
    user, actor = _person_at_the_code(request)
    device = prove_code(user, code, door=Door.SECOND_FACTOR, actor=actor)
    return _complete(request, user, device, "authenticator")


@sensitive_variables("code")
def use_recovery_code(*, request: HttpRequest, code: str) -> User:
    """The same with a recovery code, which is used up. Raises `RecoveryCodeRefused`, `SignInExpired`,
    `TooManyAttempts`."""
    user, actor = _person_at_the_code(request)
    device = prove_recovery_code(user, code, door=Door.RECOVERY_CODE, actor=actor)
    return _complete(request, user, device, "recovery code")


def sign_out(*, request: HttpRequest) -> None:
    """Ends the session of the request, if it is anybody's."""
    if isinstance(request.user, User):
        with transaction.atomic():
            append(actor=request.user.audit_actor, action=Action.SIGN_OUT, resource=request.user.audit_resource)
            logout(request)
    else:
        logout(request)


def end_session(*, request: HttpRequest, why: SessionEnd) -> None:
    """Ends the session of the request because it is too old."""
    if isinstance(request.user, User):
        with transaction.atomic():
            append(
                actor=request.user.audit_actor,
                action=Action.SIGN_OUT,
                resource=request.user.audit_resource,
                details={"reason": str(why)},
            )
            logout(request)
    else:
        logout(request)


def start_session(*, request: HttpRequest, user: User, device: Device | None = None) -> None:
    """Signs `user` in: a new session key, and a verified session if `device` is given. Records no event of its own.

    For services that end with somebody signed in (sign-in, set-up, joining): they have proved who it is.
    """
    request.session.pop(PENDING, None)
    forget_proof(request)
    request.session.pop(django_otp.DEVICE_ID_SESSION_KEY, None)
    before = request.session.session_key
    login(request, user, backend=BACKEND)
    django_otp.login(request, device)
    if request.session.session_key == before:  # `login` keeps the key when the person was signed in already
        request.session.cycle_key()
    SessionStore.clear_expired()


def pending_user(request: HttpRequest) -> User | None:
    """Who has given the right password in this session and owes a code; None when the five minutes are over."""
    pending: Any = request.session.get(PENDING)
    if not isinstance(pending, dict) or pending["until"] < time.time():
        return None
    user = EmailBackend().get_user(UUID(pending["user"]))
    if user is None or not constant_time_compare(pending["hash"], user.get_session_auth_hash()):
        return None
    return user


def _wait_for_code(request: HttpRequest, user: User) -> None:
    if SESSION_KEY in request.session:  # somebody else was signed in here; nothing of theirs is carried over
        request.session.flush()
    request.session[PENDING] = {
        "user": str(user.pk),
        "until": int(time.time()) + PENDING_SECONDS,
        "hash": user.get_session_auth_hash(),
    }
    # Whoever planted this session in the browser would otherwise hold one that is past the password.
    request.session.cycle_key()


def _person_at_the_code(request: HttpRequest) -> tuple[User, Actor]:
    user = pending_user(request)
    if user is not None:
        return user, Actor.anonymous(label=user.email_key)
    if isinstance(request.user, User) and not request.user.is_verified():
        return request.user, request.user.audit_actor
    raise SignInExpired


def _complete(request: HttpRequest, user: User, device: Device, method: str) -> User:
    signing_in = PENDING in request.session
    with transaction.atomic():
        append(
            actor=user.audit_actor,
            action=Action.SIGN_IN_SUCCEEDED if signing_in else Action.SECOND_FACTOR_PASSED,
            resource=user.audit_resource,
            details={"method": method},
        )
        start_session(request=request, user=user, device=device)
    return user
