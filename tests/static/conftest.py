"""A real Chromium in front of the styleguide, served by a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

ROOT = Path(__file__).resolve().parents[2]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
Stage = Callable[..., Page]


@pytest.fixture(scope="session")
def styleguide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running styleguide."""
    environment = {**os.environ, "HOLDFAST_VAR_DIR": str(tmp_path_factory.mktemp("var")), "DATABASE_URL": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.static.styleguide"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    address = process.stdout.readline().strip()
    assert address, "the styleguide did not start"
    yield address
    process.terminate()
    process.wait(timeout=20)
    process.stdout.close()


@pytest.fixture
def stage(chromium: Browser, styleguide: str) -> Iterator[Stage]:
    """Opens a page of the styleguide; what its scripts and the policy complain about fails the test at its end."""
    contexts, complaints = [], []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def open_page(address: str, size: ViewportSize = DESKTOP, **options: Any) -> Page:
        context = chromium.new_context(viewport=size, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{styleguide}/styleguide/{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
