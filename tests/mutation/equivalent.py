"""Checks that can be taken away without any effect, because another one stands behind them."""

EQUIVALENT: dict[str, str] = {}
"""By their keys (`tests.mutation.checks.Check.key`), and which one that is."""
