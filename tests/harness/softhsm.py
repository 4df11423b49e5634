"""Finds SoftHSM2, which speaks PKCS#11 as a hardware security module does."""

import os
import shutil
from pathlib import Path

import pytest

_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",  # Debian
    "/usr/lib64/softhsm/libsofthsm.so",  # Fedora
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def find_module() -> str | None:
    """Where SoftHSM2 is installed, if it is."""
    if shutil.which("softhsm2-util") is None:
        return None
    return next((module for module in _MODULES if Path(module).is_file()), None)


def require_module() -> str:
    """For fixtures: the module, or a skipped test on a developer's machine and a failed one in CI (`CI=true`)."""
    module = find_module()
    if module is not None:
        return module
    missing = "SoftHSM2 is not installed. As root on Debian: python -m tests.harness.provision"
    if os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)
