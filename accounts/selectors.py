"""What is asked about accounts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Instance, RecoveryCode, RecoveryDevice, Session, TOTPDevice, User
from audit.actions import Action, ResourceKind
from audit.models import Event
from vault.seals import Fault, genuine, is_genuine, with_seal
from vault.seals.reporting import Broken, report

ENROLMENT_TIME = timedelta(minutes=30)


def instance() -> Instance:
    """The settings of the installation; without its row, or one that is genuine, the strictest ones."""
    row = with_seal(Instance.objects.filter(pk=1)).first()
    return row if row is not None and is_genuine(row) else Instance()


def authenticator_of(user: User) -> TOTPDevice | None:
    """The confirmed authenticator of a person. One that is gone although the person has one is reported."""
    devices = list(with_seal(TOTPDevice.objects.filter(user=user, confirmed=True)))
    if not devices and user.has_authenticator and User.objects.filter(pk=user.pk, has_authenticator=True).exists():
        report(Broken(TOTPDevice.seal_kind(), user.pk.hex, str(Fault.GONE), None, TOTPDevice.SEAL_RESOURCE))
    return next(iter(genuine(devices)), None)


def pending_authenticator_of(user: User) -> TOTPDevice | None:
    """The enrolment under way, if any; one that was not finished in time has to be started again."""
    since = timezone.now() - ENROLMENT_TIME
    devices = TOTPDevice.objects.filter(user=user, confirmed=False, created_at__gte=since)
    return next(iter(genuine(with_seal(devices))), None)


def has_second_factor(user: User) -> bool:
    """Whether the person has a second factor to sign in with. Recovery codes stand in for one; they are none.

    Sealed with the person: a device that somebody deletes from the database is still asked for.
    """
    return user.has_authenticator


def recovery_device_of(user: User) -> RecoveryDevice | None:
    """The person's set of recovery codes."""
    return next(iter(genuine(with_seal(RecoveryDevice.objects.filter(user=user)))), None)


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(device__user=user, used_at=None).count()


TROUBLE = (
    Action.ACCOUNT_UNLOCKED,
    Action.LIMITER_TRIPPED,
    Action.SECOND_FACTOR_FAILED,
    Action.SIGN_IN_FAILED,
    Action.SIGN_IN_PASSWORD_ACCEPTED,
    Action.SIGN_IN_SUCCEEDED,
)


@dataclass(frozen=True, slots=True)
class ClosedDoor:
    """A limit that an account ran into, which still holds: at which door, counted by what, and until when."""

    door: str
    by: str
    until: datetime


def sign_in_events(user: User, *, limit: int = 20) -> list[Event]:
    """How signing in went lately, newest first, successes and failures."""
    events = Event.objects.filter(
        resource_kind=ResourceKind.ACCOUNT.value,
        resource_id=str(user.uid),
        action__in=[str(action) for action in TROUBLE],
    )
    return list(events.order_by("-id")[:limit])


def closed_doors(user: User) -> list[ClosedDoor]:
    """Which limits hold for an account now: those that were reached since the last unlock and have not run out.

    Read from the log, which has exactly one event for each limit and window: to ask the counters would write to them.
    """
    now = timezone.now()
    events = Event.objects.filter(
        resource_kind=ResourceKind.ACCOUNT.value,
        resource_id=str(user.uid),
        action__in=[str(Action.LIMITER_TRIPPED), str(Action.ACCOUNT_UNLOCKED)],
        occurred_at__gte=now - timedelta(hours=1),
    )
    closed: list[ClosedDoor] = []
    for event in events.order_by("-id"):
        if event.action == Action.ACCOUNT_UNLOCKED:
            break
        until = event.occurred_at + timedelta(seconds=event.details["retry_after"])
        if until > now:
            closed.append(ClosedDoor(event.details["door"], event.details["kind"], until))
    return closed


def open_sessions(user: User) -> list[Session]:
    """The sessions in which the person is signed in, the last used first."""
    return list(Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at"))
