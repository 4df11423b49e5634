"""The server keeps house by itself: `manage.py housekeeping`, in a process of its own that ends with it."""

import importlib.util
import json
import os
import time
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from tests.harness.environment import ROOT

# In place of manage.py: it writes down how it was started, and then takes its time.
PROGRAM = """
import json, os, sys, time
with open("started.json.part", "w") as file:
    json.dump({"arguments": sys.argv[1:], "session": os.getsid(0), "pid": os.getpid()}, file)
os.rename("started.json.part", "started.json")
time.sleep(60)
"""


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("configuration", ROOT / "deploy" / "gunicorn.conf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "manage.py").write_text(PROGRAM, encoding="ascii")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "FIRST_HOUSEKEEPING_SECONDS", 0)
    return module


def test_it_runs_the_command_apart_from_the_terminal_and_ends_it_with_the_server(
    configuration: ModuleType, tmp_path: Path
) -> None:
    housekeeper = configuration.Housekeeper()
    housekeeper.start()
    started = tmp_path / "started.json"
    deadline = time.monotonic() + 20
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    seen = json.loads(started.read_text(encoding="ascii"))
    assert seen["arguments"] == ["housekeeping"]
    assert seen["session"] != os.getsid(0)
    housekeeper.stop()
    _, alive = psutil.wait_procs([psutil.Process(seen["pid"])] if psutil.pid_exists(seen["pid"]) else [], timeout=10)
    assert not alive
