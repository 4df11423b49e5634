"""Keys and the work on them in the words of the pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.custody.selectors import KeyLine
from vault.keys.purposes import KeyState, Purpose

WRAP_BOUND = 2**32
"""How often a key may wrap with random nonces (NIST SP 800-38D §8.3)."""
SOON = timedelta(days=14)
"""How long before its due date a rotation is announced."""
_DAYS_IN_WORDS = 60
_MONTHS_IN_WORDS = 24


class Due(StrEnum):
    """How near the rotation of a key is."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"
    NEVER = "never"


PURPOSES: dict[Purpose, tuple[str, str]] = {
    Purpose.DATA: ("Values", "What an organization stores."),
    Purpose.TOTP: ("Second factors", "The keys of authenticator apps."),
    Purpose.TOKEN: ("Tokens", "Invitations, set-up links, recovery codes: kept as keyed hashes."),
    Purpose.AUDIT: ("Activity log", "Authenticates every entry of the log."),
    Purpose.ROW: ("Rights", "Authenticates the rows that grant authority."),
    Purpose.SIGN: ("Signatures", "Signs reports, so that anybody can check them."),
}
"""What the keys of a purpose are called, and a sentence about them."""

_STATES = {
    KeyState.PENDING: ("Being made", "warning"),
    KeyState.ACTIVE: ("Active", "good"),
    KeyState.DECRYPT_ONLY: ("Reads only", "accent"),
    KeyState.RETIRED: ("Retired", "quiet"),
    KeyState.DESTROYED: ("Destroyed", "danger"),
}


UNDER_WAY = {
    OperationKind.REWRAP: "Values are moving to the new key",
    OperationKind.REENCRYPT: "Values are being encrypted anew",
    OperationKind.VERIFY: "Values are being verified",
    OperationKind.COMPROMISE: "A compromised key is being replaced",
    OperationKind.ROOT_COMPROMISE: "A compromised root key is being replaced",
}
"""What a banner says of an operation that somebody began."""


def due_of(due_at: datetime | None) -> Due:
    """How near that moment is."""
    if due_at is None:
        return Due.NEVER
    now = timezone.now()
    if due_at <= now:
        return Due.OVERDUE
    return Due.SOON if due_at <= now + SOON else Due.LATER


def age_words(days: int) -> str:
    """An age in days in the unit that says most: "today", "12 days", "7 months", "3 years"."""
    if days < 1:
        return "today"
    if days < _DAYS_IN_WORDS:
        return _counted(days, "day")
    months = int(days / 30.44)
    return _counted(months, "month") if months < _MONTHS_IN_WORDS else _counted(int(days / 365.25), "year")


def share_of_bound(wraps: int) -> str:
    """How much of the 2³² times that a key may wrap is used, never less than it is."""
    percent = 100 * wraps / WRAP_BOUND
    if percent == 0:
        return "0 %"
    if percent < 0.1:
        return "under 0.1 %"
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of an inventory with the words that a table shows of it."""

    line: KeyLine

    @property
    def state_label(self) -> str:
        return _STATES[self.line.state][0]

    @property
    def badge(self) -> str:
        return _STATES[self.line.state][1]

    @property
    def destroyed(self) -> bool:
        return self.line.state is KeyState.DESTROYED

    @property
    def active(self) -> bool:
        return self.line.state is KeyState.ACTIVE

    @property
    def purpose_label(self) -> str:
        return PURPOSES[self.line.purpose][0]

    @property
    def purpose_hint(self) -> str:
        return PURPOSES[self.line.purpose][1]

    @property
    def rows_words(self) -> str:
        return f"{self.line.rows:,}"

    @property
    def wraps_words(self) -> str:
        """Keys that authenticate do not wrap: there is nothing to count."""
        return f"{self.line.wraps:,}" if self.line.movable else ""

    @property
    def wraps_share(self) -> str:
        return share_of_bound(self.line.wraps) if self.line.movable else ""

    @property
    def age_words(self) -> str:
        return age_words(self.line.age_days)

    @property
    def due(self) -> Due:
        return due_of(self.line.due_at)


@dataclass(frozen=True, slots=True)
class Notice:
    """A banner: `level` is info, good, warning or danger; `url` and `link` lead to what can be done about it."""

    level: str
    icon: str
    title: str
    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Values under keys that were superseded, with nobody at work to move them; `url` takes the form that begins it."""

    values: int
    url: str

    @property
    def words(self) -> str:
        return f"{_counted(self.values, 'value')} {'lies' if self.values == 1 else 'lie'}"


class Outcome(StrEnum):
    """How an operation stands, as its page shows it."""

    RUNNING = "running"
    FINISHED = "finished"
    UNREADABLE = "unreadable"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation is. `maximum` is never 0: a bar needs something to be full of."""

    operation: KeyOperation

    @property
    def done(self) -> int:
        return self.maximum if self.operation.state == OperationState.DONE else self.operation.done

    @property
    def maximum(self) -> int:
        return max(self.operation.total, 1)

    @property
    def percent(self) -> int:
        return self.operation.percent

    @property
    def ended(self) -> bool:
        return not self.operation.running

    @property
    def failed(self) -> int:
        """How many values did not open."""
        return failed_in(self.operation)

    @property
    def outcome(self) -> Outcome:
        if self.operation.running:
            return Outcome.RUNNING
        if self.failed:
            return Outcome.UNREADABLE
        if self.operation.state == OperationState.STOPPED:
            return Outcome.STOPPED
        doubtful = self.operation.kind == OperationKind.VERIFY and self.operation.problem
        return Outcome.UNREADABLE if doubtful else Outcome.FINISHED

    @property
    def sentence(self) -> str:
        """What has been done, in words: also for those who do not see the bar."""
        verifying = self.operation.kind == OperationKind.VERIFY
        return self._of_verification() if verifying else self._of_move()

    def _of_verification(self) -> str:
        total, done = self.operation.total, self.operation.done
        if self.operation.running:
            return f"{done:,} of {total:,} values and keys opened."
        if self.failed:
            return f"{self.failed:,} of {done + self.failed:,} values and keys did not open."
        if self.operation.problem:
            return self.operation.problem
        return f"All {done:,} values and keys open."

    def _of_move(self) -> str:
        total, done = self.operation.total, self.operation.done
        if self.operation.running:
            return f"{done:,} of {_counted(total, 'value')} under the new key."
        if self.failed:
            return f"{_counted(self.failed, 'value')} did not open and could not be moved: the key of it is kept."
        if self.outcome is Outcome.STOPPED:
            return f"{done:,} of {_counted(total, 'value')} done."
        if not done:
            return "No value was left under an older key."
        return "The only value is under the new key." if done == 1 else f"All {done:,} values are under the new key."


def failed_in(operation: KeyOperation) -> int:
    """How many values an operation could not open, or had to leave under a key given up."""
    failed = operation.result.get("failed", operation.result.get("left"))
    return int(failed) if failed is not None else len(operation.result.get("failures", ()))
