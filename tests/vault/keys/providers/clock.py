"""Time that a test moves."""


class TestClock:
    """As ``vault.keys.providers.live.Clock``; ``sleep`` moves it, too, and remembers for how long."""

    __test__ = False

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """The time, as the test says it is."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait without waiting."""
        self.slept.append(seconds)
        self.now += seconds
