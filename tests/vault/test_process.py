"""What holds for every process that may hold keys: it cannot be dumped."""

import ctypes
import errno
import http.client
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness.environment import ROOT, clean_environment
from tests.harness.postgresql import free_port
from vault.process import protect_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl and /proc are Linux's")

# A core file is allowed at first, and would be written to the working folder.
PROGRAM = """
import ctypes, os, resource, signal, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
{protection}
dumpable = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
print("dumpable", dumpable())
print(*[line.strip() for line in open("/proc/self/limits") if line.startswith("Max core file size")])
if os.fork() == 0:
    os._exit(dumpable())
print("dumpable after a fork", os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
os.kill(os.getpid(), signal.SIGABRT)
"""
CONFIGURATION = f"""
import importlib.util, types
spec = importlib.util.spec_from_file_location("configuration", {str(ROOT / "deploy" / "gunicorn.conf.py")!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
"""
WAYS_IN = {
    "the function": "from vault.process import protect_process; protect_process()",
    "manage.py": "import manage; sys.argv = ['manage.py', 'version']; manage.main()",
    "vault.wsgi": "import vault.wsgi",
    "gunicorn's arbiter": CONFIGURATION + "module.on_starting(types.SimpleNamespace(address=[]))",
    "gunicorn's worker": CONFIGURATION + "module.post_fork(None, None)",
}


def _environment(folder: Path) -> dict[str, str]:
    return {**clean_environment(), "PYTHONPATH": f"{ROOT}:{folder}", "HOLDFAST_VAR_DIR": str(folder / "var")}


def _crash(folder: Path, protection: str) -> list[str]:
    """What a process that protects itself and then crashes told about itself."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(protection=protection)],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == -signal.SIGABRT, ran.stderr
    return ran.stdout.splitlines()[-3:]


def _cores(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("core")]


@pytest.mark.parametrize("protection", WAYS_IN.values(), ids=WAYS_IN)
def test_a_crash_leaves_nothing_of_the_memory(protection: str, tmp_path: Path) -> None:
    dumpable, limit, after_fork = _crash(tmp_path, protection)
    assert (dumpable, after_fork) == ("dumpable 0", "dumpable after a fork 0")
    assert limit.split()[4:6] == ["0", "0"]
    assert _cores(tmp_path) == []


def test_without_protection_a_crash_leaves_it(tmp_path: Path) -> None:
    dumpable, limit, after_fork = _crash(tmp_path, "")
    assert (dumpable, after_fork) == ("dumpable 1", "dumpable after a fork 1")
    pattern = Path("/proc/sys/kernel/core_pattern").read_text(encoding="ascii").strip()
    if pattern == "core" and limit.split()[4] != "0":  # the runner may have been protected itself
        assert len(_cores(tmp_path)) == 1  # so the test above looks where cores are


def test_a_process_that_cannot_be_protected_does_not_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def prctl(self, *_: int) -> int:
            ctypes.set_errno(errno.EPERM)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Refusing())
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    with pytest.raises(PermissionError, match="cannot be kept out of core dumps"):
        protect_process()


def test_a_worker_that_serves_cannot_be_dumped(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(
        "import ctypes\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Length', '1')])\n"
        "    return [b'%d' % ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)]\n",
        encoding="ascii",
    )
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")),
            *("--workers", "1", "probe:application"),
        ],
        env={**_environment(tmp_path), "HOLDFAST_BIND": f"127.0.0.1:{port}"},
        stdout=subprocess.DEVNULL,
    )
    try:
        assert _answer(port) == b"0"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answer(port: int) -> bytes:
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            connection.close()
