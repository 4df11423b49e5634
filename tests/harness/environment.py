"""The environment in which the suite and the benchmarks start programs."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_KEPT = frozenset({"HOLDFAST_TEST_CHROMIUM"})
_DATABASES = frozenset({"DATABASE_URL", "DATABASE_URL_FILE", "CACHE_URL", "CACHE_URL_FILE"})


def clean_environment() -> dict[str, str]:
    """The caller's environment without anything that could point a test at a real installation."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not (name.startswith("HOLDFAST_") or name in _DATABASES)
    }
