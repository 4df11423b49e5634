"""A real Chromium: found on the machine, or brought by `python -m tests.harness.provision`."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.harness.environment import ROOT

# `--no-sandbox`: Chromium refuses its sandbox as root, and the only pages it opens are our own. The rest keeps it from
# asking the network for anything, and its pictures the same from run to run.
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
_UNPACKED = ROOT / "node_modules" / ".chromium"
# The package brings the shared libraries and fonts that the program needs where the system has none.
_STARTER = """#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_PATH="$here/fonts" exec "$here/chromium" "$@"
"""


class BrowserMissing(Exception):
    """No Chromium on this machine; the message says how to get one."""


def find_chromium() -> Path:
    """The browser to test with: `$HOLDFAST_TEST_CHROMIUM`, one on the PATH, or the npm package's.

    :raises BrowserMissing: when there is none.
    """
    chosen = os.environ.get("HOLDFAST_TEST_CHROMIUM")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise BrowserMissing(f"HOLDFAST_TEST_CHROMIUM is {chosen}, which is no program")
        return Path(chosen)
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    node = shutil.which("node")
    if _PACKAGE.is_dir() and node is not None:
        return _unpack_npm_package(node)
    raise BrowserMissing("no Chromium: install the package chromium, or npm and run make test again")


def find_driver() -> Path:
    """The Node.js that runs Playwright's driver: the one that it brings, which needs libatomic, or the system's.

    :raises BrowserMissing: when neither starts.
    """
    found = importlib.util.find_spec("playwright")
    candidates = [str(Path(found.origin).parent / "driver" / "node")] if found is not None and found.origin else []
    candidates += filter(None, [shutil.which("node")])
    for program in candidates:
        if subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0:
            return Path(program)
    raise BrowserMissing("Playwright's driver does not start: install the package libatomic1")


def require_chromium() -> Path:
    """For fixtures: the browser, or a skipped test on a developer's machine and a failed one in CI (`CI=true`)."""
    try:
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(find_driver())
        return find_chromium()
    except BrowserMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def _unpack_npm_package(node: str) -> Path:
    """The program inside the npm package @sparticuz/chromium, unpacked once, whole or not at all.

    The package unpacks into the temporary folder and runs whatever program it finds there already; a folder of our own
    keeps other people's files out. The variable makes it unpack its shared libraries, too.
    """
    starter = _UNPACKED / "start"
    if starter.exists():
        return starter
    beside = Path(tempfile.mkdtemp(prefix=".chromium-", dir=_UNPACKED.parent))
    ran = subprocess.run(
        [node, "--eval", "import('@sparticuz/chromium').then(package => package.default.executablePath())"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(beside), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0 or not (beside / "chromium").is_file():
        shutil.rmtree(beside)
        raise BrowserMissing(f"the npm package @sparticuz/chromium did not unpack: {ran.stderr.strip()}")
    (beside / "start").write_text(_STARTER, encoding="ascii")
    (beside / "start").chmod(0o755)
    shutil.rmtree(_UNPACKED, ignore_errors=True)
    beside.rename(_UNPACKED)
    return starter
