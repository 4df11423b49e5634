"""What a benchmark reports: a ratio of two times measured in the same run, and the bound it must keep."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One ratio. It holds when it is at most ``bound``, or at least, if ``higher_is_better``."""

    name: str
    ratio: float
    bound: float
    higher_is_better: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return self.ratio >= self.bound if self.higher_is_better else self.ratio <= self.bound
