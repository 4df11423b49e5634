"""The root keys as the instance's page shows them: which wraps, which is the next, and who lacks it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from vault.crypto.errors import CryptoError
from vault.crypto.fingerprint import fingerprint
from vault.custody.presentation import Due, age_words, due_of
from vault.custody.selectors import RootKeyLine, root_key_lines
from vault.keys import processes
from vault.keys.models import ServingProcess, WrappedKey
from vault.keys.providers import RootKeyProblem
from vault.keys.purposes import KeyState


@dataclass(frozen=True, slots=True)
class RootKeyRow:
    """One root key. `lacking`: how many of the serving processes do not have it. `next`: tenant keys get a second
    wrapping under it, beside the present one."""

    line: RootKeyLine
    next: bool
    lacking: int

    @property
    def state_label(self) -> str:
        if self.line.wrapping:
            return "Wraps"
        if not self.line.configured:
            return "Missing"
        return "Takes over" if self.next else "Configured"

    @property
    def badge(self) -> str:
        if self.line.wrapping:
            return "good"
        if not self.line.configured:
            return "danger"
        return "warning" if self.next else "quiet"

    @property
    def age_words(self) -> str:
        since = self.line.wrapping_since or self.line.first_seen_at
        return age_words((timezone.now() - since).days) if since else ""

    @property
    def due(self) -> Due:
        return due_of(self.line.due_at)


@dataclass(frozen=True, slots=True)
class RootKeys:
    """All of them, and the processes that were seen in the last hour. `problem`: why they cannot be read, if so."""

    rows: list[RootKeyRow]
    processes: list[ServingProcess]
    problem: str = ""

    @property
    def rotating(self) -> bool:
        return any(row.next for row in self.rows)

    @property
    def waiting(self) -> bool:
        """Whether one is configured that could take over."""
        return any(row.line.configured and not row.line.wrapping and not row.line.keys for row in self.rows)


def root_keys_shown() -> RootKeys:
    """The root keys that are configured or needed, the wrapping one first."""
    present = processes.present()
    try:
        lines = root_key_lines()
    except (RootKeyProblem, CryptoError) as problem:
        return RootKeys([], present, str(problem))
    taking_over = {
        fingerprint(bytes(key_id))
        for key_id in WrappedKey.objects.exclude(state=KeyState.DESTROYED.value)
        .filter(next_root_key_id__isnull=False)
        .order_by()
        .values_list("next_root_key_id", flat=True)
        .distinct()
        if key_id is not None
    }
    rows = [RootKeyRow(line, line.fingerprint in taking_over, _lacking(line, present)) for line in lines]
    return RootKeys(rows, present)


def _lacking(line: RootKeyLine, present: Iterable[ServingProcess]) -> int:
    return sum(
        line.fingerprint not in {fingerprint(bytes.fromhex(key_id)) for key_id in process.root_key_ids}
        for process in present
    )
