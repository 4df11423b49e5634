"""The one limiter for every door that checks a password, a code or a token.

Attempts are counted *before* anything is checked, by the address they come from, by account and address together, and
by account alone, in that order; a refused attempt is not counted further, so whoever is stopped at one limit cannot use
up the next. The limit of the pair is strict. The one of the account slows a guess that comes from everywhere; somebody
with six addresses can keep it reached for ever, so it does not hold where the account's owner signed in lately.
Success resets nothing: a counter that success resets can be reset by an attacker who has an account of his own. Support
unlocks an account by starting a new epoch.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.utils import timezone
from django_ratelimit.core import get_usage

from accounts.emails import normalize_email
from accounts.models import User
from audit.actions import Action, Outcome, ResourceKind
from audit.actor import Actor
from audit.models import Event
from audit.resource import Resource
from audit.services import record
from vault.cache import CountedInTransaction

MINUTE = 60
FAMILIAR = timedelta(days=30)
"""How long a network stays one where the account's owner is known to sign in."""
FAMILIAR_SIGN_INS = 20


class Door(StrEnum):
    """Where something secret is asked for, or mail is sent to an address of somebody's choosing."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    RECOVERY_CODE = "recovery_code"
    PASSWORD_CHANGE = "password_change"  # noqa: S105 - the name of a door
    FACTOR_CHANGE = "factor_change"
    INSTANCE_CHANGE = "instance_change"
    STEP_UP = "step_up"
    STEP_UP_PASSWORD = "step_up_password"  # noqa: S105 - the name of a door
    ENROLMENT = "enrolment"
    SETUP = "setup"
    INVITATION = "invitation"
    INVITATION_MAIL = "invitation_mail"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` attempts in a window of `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be tried; doors whose limits have the same `name` share their counters."""

    name: str
    address: Rate
    pair: Rate
    account: Rate


# A password is asked for at several doors; whoever holds a stolen session gets no second budget there.
PASSWORD = Limits("password", Rate(100, 10 * MINUTE), Rate(10, 10 * MINUTE), Rate(60, 10 * MINUTE))
# Three codes in a million are right at any moment: 30 tries in 15 minutes from everywhere are a chance of 1 in 11,000.
CODE = Limits("code", Rate(60, 15 * MINUTE), Rate(8, 15 * MINUTE), Rate(30, 15 * MINUTE))
RECOVERY = Limits("recovery", Rate(60, 15 * MINUTE), Rate(8, 15 * MINUTE), Rate(30, 15 * MINUTE))
TOKEN = Limits("token", Rate(30, 10 * MINUTE), Rate(15, 10 * MINUTE), Rate(60, 10 * MINUTE))
# No secret is asked for here: what is limited is how often one person can be written to in our name.
MAIL = Limits("mail", Rate(100, 60 * MINUTE), Rate(5, 60 * MINUTE), Rate(10, 60 * MINUTE))

LIMITS: dict[Door, Limits] = {
    Door.SIGN_IN: PASSWORD,
    Door.PASSWORD_CHANGE: PASSWORD,
    Door.FACTOR_CHANGE: PASSWORD,
    Door.INSTANCE_CHANGE: PASSWORD,
    Door.STEP_UP_PASSWORD: PASSWORD,
    Door.STEP_UP: CODE,
    Door.SECOND_FACTOR: CODE,
    Door.ENROLMENT: CODE,
    Door.RECOVERY_CODE: RECOVERY,
    Door.SETUP: TOKEN,
    Door.INVITATION: TOKEN,
    Door.INVITATION_MAIL: MAIL,
}


class TooManyAttempts(Exception):
    """A limit is reached. Answered with 429 and `Retry-After`, the same for accounts that exist and that do not."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts; the next is possible in {retry_after} s.")
        self.retry_after = retry_after


class LimiterUnavailable(Exception):
    """The counters cannot be reached, so nothing is checked. Answered with 503."""

    retry_after = 30


def guard(door: Door, *, account: str | None, ip: str | None) -> None:
    """Counts an attempt at `door`; to be called before anything is checked there, outside of any transaction.

    `account` is an e-mail address in any spelling, whether or not there is such an account; None where no account is
    involved (a link). `ip` is the client's address (`vault.context.current().ip`); None on the command line.

    Raises `TooManyAttempts`, `LimiterUnavailable` when it cannot count, and `CountedInTransaction` inside a
    transaction, whose rollback would undo the count.
    """
    limits = LIMITS[door]
    address = network_of(ip)
    who = Who.of(account)
    _count(door, limits.name, "address", limits.address, address, who)
    if who is not None:
        _count(door, limits.name, "pair", limits.pair, f"{who.key} {address}", who)
        try:
            _count(door, limits.name, "account", limits.account, who.key, who)
        except TooManyAttempts:
            if not _signed_in_lately_from(address, who):
                raise


def _signed_in_lately_from(address: str, who: "Who") -> bool:
    """Whether one of the account's last sign-ins that succeeded came from there; asked while its limit is reached.

    Read from the log by actor: failures, of which there are many just then, have an anonymous one.
    """
    if not who.uid:
        return False
    sign_ins = Event.objects.filter(
        actor_id=who.uid, action=Action.SIGN_IN_SUCCEEDED, occurred_at__gte=timezone.now() - FAMILIAR
    )
    return address in {
        network_of(ip) for ip in sign_ins.order_by("-id").values_list("ip", flat=True)[:FAMILIAR_SIGN_INS]
    }


@dataclass(frozen=True, slots=True)
class Who:
    """An account as the counters and the log know it, whether or not it exists."""

    email_key: str
    epoch: int
    uid: str

    @classmethod
    def of(cls, account: str | None) -> "Who | None":
        """One query, also for an unknown address."""
        if account is None:
            return None
        email_key = normalize_email(account)
        found = User.objects.filter(email_key=email_key).values_list("limiter_epoch", "pk").first()
        return cls(email_key, found[0], str(found[1])) if found else cls(email_key, 0, "")

    @property
    def key(self) -> str:
        """One key for all spellings of an address, and a new one after each unlock."""
        return f"{self.email_key} {self.epoch}"

    @property
    def resource(self) -> Resource:
        """What an event about a refused attempt names; the uid is empty when there is no such account."""
        return Resource(ResourceKind.ACCOUNT, id=self.uid, label=self.email_key)


def network_of(ip: str | None) -> str:
    """What an address counts as: itself, or its /64 for IPv6, of which every customer has more than anybody can count.

    An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
    """
    if not ip:
        return "local"
    address: IPv4Address | IPv6Address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address.packed, 64), strict=False).network_address)
        address = address.ipv4_mapped
    return str(address)


def _count(door: Door, name: str, by: str, rate: Rate, value: str, who: Who | None) -> None:
    try:
        usage = get_usage(
            None, group=f"{name}:{by}", key=lambda *_: value, rate=(rate.count, rate.seconds), increment=True
        )
    except CountedInTransaction:
        raise  # a defect of ours, not of the cache
    except Exception as error:  # each cache backend has exceptions of its own, and none of them may open the door
        raise LimiterUnavailable from error
    # A limit of 0 is django-ratelimit's word for "could not count". Its time left of -1 is not: that is also what is
    # left of a window that ended while it was being counted in.
    if usage is None or usage["limit"] == 0:
        raise LimiterUnavailable
    if not usage["should_limit"]:
        return
    retry_after = max(1, int(usage["time_left"]))
    if usage["count"] == rate.count + 1:  # counted atomically, so one request of the window sees this number
        record(
            actor=Actor.anonymous(label=who.email_key if who else ""),
            action=Action.LIMITER_TRIPPED,
            outcome=Outcome.DENIED,
            resource=who.resource if who else None,
            details={"door": str(door), "kind": by, "count": rate.count, "retry_after": retry_after},
        )
    raise TooManyAttempts(retry_after)
