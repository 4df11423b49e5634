"""The escrow of the root key as the instance's page shows it: whether enough shares are known to exist."""

from dataclasses import dataclass

from vault.custody.models import EscrowSet
from vault.custody.selectors import EscrowState, escrow_state


@dataclass(frozen=True, slots=True)
class ShownEscrow:
    """`outdated`: the latest set of shares, where it is of a root key that no longer wraps."""

    state: EscrowState
    outdated: EscrowSet | None

    @property
    def enough(self) -> bool:
        """Whether as many shares were confirmed as it takes to rebuild the root key."""
        current = self.state.current
        return current is not None and self.state.confirmed >= current.threshold


def escrow_shown() -> ShownEscrow:
    """The shares of the root key that wraps now, or else what there is of an earlier one."""
    state = escrow_state()
    outdated = None if state.current else EscrowSet.objects.first()
    return ShownEscrow(state, outdated)
