"""Proving, again or for the first time, that one knows a password or holds a second factor.

Nothing else in the project may call `check_password` on a person or `verify_token` on a device (a test reads the
source for that): here the limiter counts first, and a failure is an event.
"""

import django_otp
from django.views.decorators.debug import sensitive_variables

from accounts.errors import CodeRefused, NoSecondFactor, PasswordRefused, RecoveryCodeRefused
from accounts.limiter import Door, guard
from accounts.models import RecoveryDevice, TOTPDevice, User
from accounts.selectors import authenticator_of, recovery_device_of
from audit.actions import Action, Outcome
from audit.actor import Actor
from audit.services import record
from vault.context import current


@sensitive_variables("password")
def prove_password(actor: User, password: str, *, door: Door) -> None:
    """Raises `PasswordRefused` unless `password` is the signed-in person's, `TooManyAttempts`, `TooBusy`."""
    guard(door, account=actor.email, ip=current().ip)
    if not actor.check_password(password):
        record(
            actor=actor.audit_actor,
            action=Action.SIGN_IN_FAILED,
            outcome=Outcome.FAILURE,
            resource=actor.audit_resource,
            details={"door": str(door), "reason": "wrong password"},
        )
        raise PasswordRefused


@sensitive_variables("code")
def prove_code(user: User, code: str, *, door: Door, actor: Actor) -> TOTPDevice:
    """The confirmed authenticator that made `code`, which is used up by this.

    `actor` is the person once signed in, and an anonymous one with their address before that. Raises `CodeRefused`,
    `NoSecondFactor`, `TooManyAttempts`.
    """
    guard(door, account=user.email, ip=current().ip)
    device = authenticator_of(user)
    if device is None:
        raise NoSecondFactor
    return _use(user, device, code, door=door, actor=actor)


@sensitive_variables("code")
def prove_pending_code(user: User, device: TOTPDevice, code: str) -> TOTPDevice:
    """The same for an authenticator that is being enrolled. Raises `CodeRefused`, `TooManyAttempts`."""
    guard(Door.ENROLMENT, account=user.email, ip=current().ip)
    return _use(user, device, code, door=Door.ENROLMENT, actor=user.audit_actor)


@sensitive_variables("code")
def prove_recovery_code(user: User, code: str, *, door: Door, actor: Actor) -> RecoveryDevice:
    """The set of recovery codes that `code` belonged to; it is used up by this.

    Raises `RecoveryCodeRefused`, `TooManyAttempts`.
    """
    guard(door, account=user.email, ip=current().ip)
    device = recovery_device_of(user)
    if device is None or not django_otp.verify_token(user, device.persistent_id, code):
        _record_failure(user, door=door, actor=actor, method="recovery code")
        raise RecoveryCodeRefused
    return device


def _use(user: User, device: TOTPDevice, code: str, *, door: Door, actor: Actor) -> TOTPDevice:
    if not django_otp.verify_token(user, device.persistent_id, code):  # locks the row: one code, one success
        _record_failure(user, door=door, actor=actor, method="authenticator")
        raise CodeRefused
    return device


def _record_failure(user: User, *, door: Door, actor: Actor, method: str) -> None:
    record(
        actor=actor,
        action=Action.SECOND_FACTOR_FAILED,
        outcome=Outcome.FAILURE,
        resource=user.audit_resource,
        details={"door": str(door), "method": method},
    )
