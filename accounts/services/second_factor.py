"""Enrolling, replacing and removing an authenticator, and making recovery codes."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts import selectors
from accounts.codes import (
    RECOVERY_CODES,
    new_recovery_code,
    new_totp_key,
    parse_recovery_code,
    recovery_code_message,
    totp_uri,
)
from accounts.errors import NoEnrolment, NoSecondFactor, SecondFactorRequired
from accounts.limiter import Door, guard
from accounts.models import RecoveryCode, RecoveryDevice, TOTPDevice, User
from accounts.services.proof import prove_code, prove_password, prove_pending_code, prove_recovery_code
from accounts.services.sign_in import start_session
from accounts.sessions import end_sessions
from audit.actions import Action
from audit.actor import Actor
from audit.services import append
from vault.context import current
from vault.keys.peppers import keyed_hash, keyed_hash_candidates
from vault.keys.purposes import Purpose
from vault.seals import locked_row

AUTHENTICATOR = "Authenticator app"
ENROLMENT = "enrolment"


@sensitive_variables("password", "code")
def begin_totp_enrolment(
    *, actor: User, request: HttpRequest, password: str | None = None, code: str | None = None
) -> TOTPDevice:
    """A fresh key, waiting to be confirmed by a code; an enrolment that was under way loses its key.

    `password` must be given unless the person signed in with it moments ago (the view knows), and whoever has an
    authenticator already must give a code of it, too, or a recovery code: a lost telephone is why people replace one.
    The old one works until the new one is confirmed. Records nothing: nothing has changed before the confirmation.

    Raises `PasswordRefused`, `CodeRefused`, `RecoveryCodeRefused`, `TooManyAttempts`, `TooBusy`.
    """
    replacing = selectors.has_second_factor(actor)
    if password is not None or replacing:
        prove_password(actor, password or "", door=Door.FACTOR_CHANGE)
    if replacing and parse_recovery_code(code or "") is not None:
        prove_recovery_code(actor, code or "", door=Door.RECOVERY_CODE, actor=actor.audit_actor)
    elif replacing:
        prove_code(actor, code or "", door=Door.SECOND_FACTOR, actor=actor.audit_actor)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=actor, confirmed=False).delete()
        device = TOTPDevice(user=actor, name=AUTHENTICATOR, confirmed=False)
        device.key = new_totp_key()
        device.save(force_insert=True)
    request.session[ENROLMENT] = str(device.uid)
    return device


def pending_enrolment(*, actor: User, request: HttpRequest) -> TOTPDevice | None:
    """The enrolment that this session began, if it still waits. No other session of the person sees its key, or may
    confirm it: one that was stolen would learn the next second factor, or make it its own."""
    device = selectors.pending_authenticator_of(actor)
    return device if device is not None and request.session.get(ENROLMENT) == str(device.uid) else None


def enrolment_uri(device: TOTPDevice) -> str:
    """What the QR code of an enrolment says."""
    return totp_uri(key=device.key, account=device.user.email, issuer=settings.OTP_TOTP_ISSUER)


@sensitive_variables("code", "codes")
def confirm_totp(*, actor: User, code: str, request: HttpRequest) -> list[str]:
    """Makes the waiting authenticator the person's second factor, in place of any other, and this session verified.

    Returns ten new recovery codes as they are to be shown, once; earlier ones stop working. All other sessions of the
    person end. Raises `NoEnrolment`, `CodeRefused`, `TooManyAttempts`.
    """
    device = pending_enrolment(actor=actor, request=request)
    if device is None:
        raise NoEnrolment
    prove_pending_code(actor, device, code)
    with transaction.atomic():
        replaced, _ = TOTPDevice.objects.filter(user=actor, confirmed=True).delete()
        locked = locked_row(TOTPDevice, device.pk)
        if locked is None or locked.confirmed:
            raise NoEnrolment  # another request confirmed or replaced it
        locked.confirmed = True
        locked.save(update_fields=["confirmed"])
        device.confirmed = actor.has_authenticator = True
        actor.save(update_fields=["has_authenticator"])
        request.session.pop(ENROLMENT, None)
        codes = _renew_codes(actor)
        start_session(request=request, user=actor, device=device)
        ended = end_sessions(actor, but=[request.session.session_key or ""])
        append(
            actor=actor.audit_actor,
            action=Action.SECOND_FACTOR_ADDED,
            resource=actor.audit_resource,
            details={"method": "authenticator", "replaced": bool(replaced), "sessions_ended": ended},
        )
    return codes


@sensitive_variables("password", "code")
def remove_second_factor(*, actor: User, password: str, code: str, request: HttpRequest) -> None:
    """Removes the authenticator and the recovery codes; all other sessions of the person end.

    Raises `SecondFactorRequired` where the instance asks everybody for one, `PasswordRefused`, `CodeRefused`,
    `NoSecondFactor`, `TooManyAttempts`, `TooBusy`.
    """
    if selectors.instance().second_factor_required:
        raise SecondFactorRequired
    prove_password(actor, password, door=Door.FACTOR_CHANGE)
    prove_code(actor, code, door=Door.SECOND_FACTOR, actor=actor.audit_actor)
    with transaction.atomic():
        _remove(actor)
        start_session(request=request, user=actor)
        ended = end_sessions(actor, but=[request.session.session_key or ""])
        append(
            actor=actor.audit_actor,
            action=Action.SECOND_FACTOR_REMOVED,
            resource=actor.audit_resource,
            details={"method": "authenticator", "sessions_ended": ended},
        )


def reset_second_factor(*, account: User, actor: Actor) -> int:
    """For whoever has a shell on the server: removes the second factor of somebody who lost it and the codes.

    All sessions of the person end; the password stays. Returns how many authenticators there were.
    """
    with transaction.atomic():
        removed = _remove(account)
        ended = end_sessions(account)
        append(
            actor=actor,
            action=Action.SECOND_FACTOR_REMOVED,
            resource=account.audit_resource,
            details={"method": "authenticator", "devices": removed, "sessions_ended": ended},
        )
    return removed


@sensitive_variables("code", "codes")
def create_recovery_codes(*, actor: User, code: str) -> list[str]:
    """Ten new recovery codes, to be shown once; earlier ones stop working.

    Asks for a code of the authenticator: whoever holds only a session cannot make himself a way back in. Raises
    `CodeRefused`, `NoSecondFactor`, `TooManyAttempts`.
    """
    if not selectors.has_second_factor(actor):
        raise NoSecondFactor
    prove_code(actor, code, door=Door.SECOND_FACTOR, actor=actor.audit_actor)
    with transaction.atomic():
        codes = _renew_codes(actor)
        append(
            actor=actor.audit_actor,
            action=Action.SECOND_FACTOR_RECOVERY_CODES_CREATED,
            resource=actor.audit_resource,
            details={"count": len(codes)},
        )
    return codes


@sensitive_variables("codes")
def are_own_codes(user: User, codes: list[str]) -> bool:
    """Whether each of `codes` is an unused recovery code of `user`.

    For the page that just showed them: it sends them back to be had as a file, since they are stored nowhere. Raises
    `TooManyAttempts`.
    """
    guard(Door.RECOVERY_CODE, account=user.email, ip=current().ip)
    device = selectors.recovery_device_of(user)
    spelled = [parse_recovery_code(code) for code in codes]
    if device is None or not spelled or None in spelled:
        return False
    macs = [
        mac
        for code in spelled
        if code is not None
        for mac in keyed_hash_candidates(Purpose.TOKEN, recovery_code_message(device.uid, code))
    ]
    found = RecoveryCode.objects.filter(device=device, used_at=None, mac__in=macs).count()
    return found == len(set(spelled))


def _remove(user: User) -> int:
    RecoveryDevice.objects.filter(user=user).delete()
    removed = TOTPDevice.objects.filter(user=user, confirmed=True).count()
    TOTPDevice.objects.filter(user=user).delete()
    if user.has_authenticator:
        user.has_authenticator = False
        user.save(update_fields=["has_authenticator"])
    return removed


@sensitive_variables("codes")
def _renew_codes(user: User) -> list[str]:
    RecoveryDevice.objects.filter(user=user).delete()
    device = RecoveryDevice.objects.create(user=user, name="Recovery codes")
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(
            device=device,
            mac=keyed_hash(Purpose.TOKEN, recovery_code_message(device.uid, parse_recovery_code(code) or "")),
        )
        for code in codes
    )
    return codes
