"""The entry point: no start without the keys that are needed, and a length for every body."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from tests.harness.environment import ROOT, clean_environment
from vault.bodies import MeasuredBody
from vault.crypto.rootkey import generate_root_key_text

EXIT_CONFIGURATION = 4  # with which gunicorn's arbiter gives up instead of starting the worker again
FORM = "application/x-www-form-urlencoded"


class Chunks(io.RawIOBase):
    """A body of which the server does not know the length; hands out a few bytes at a time, as a socket does."""

    def __init__(self, body: bytes) -> None:
        self.left = io.BytesIO(body)
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        part = self.left.read(min(size, 1000) if size > 0 else 1000)
        self.taken += len(part)
        return part


def ask(body: bytes, **environ: Any) -> tuple[int, bytes, Chunks]:
    """The status and the content for a chunked POST to the page that echoes, and the stream it was read from."""
    from django.test import RequestFactory

    stream = Chunks(body)
    request = RequestFactory().post("/echo/", content_type=FORM)
    base = {**request.environ, "wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    del base["CONTENT_LENGTH"]
    statuses: list[str] = []
    answer = MeasuredBody(WSGIHandler(), settings.REQUEST_BODY_LIMIT)(
        {**base, **environ},
        lambda status, headers: statuses.append(status),  # type: ignore[arg-type]
    )
    content = b"".join(answer)
    return int(statuses[0].split()[0]), content, stream


@pytest.mark.django_db
@pytest.mark.usefixtures("test_pages")
def test_it_reads_a_chunked_form_like_any_other() -> None:
    status, content, _ = ask(b"name=chunked&other=" + b"x" * 5000)
    assert status == 200
    assert b'"name": ["chunked"]' in content


@pytest.mark.django_db
@pytest.mark.usefixtures("test_pages")
def test_it_stops_reading_a_chunked_body_at_the_limit() -> None:
    status, content, stream = ask(b"x" * (settings.REQUEST_BODY_LIMIT * 2))
    assert status == 413
    assert b"At most 4 MiB" in content
    assert stream.taken == settings.REQUEST_BODY_LIMIT * 2  # the rest is dropped, so that the browser sees the page


@pytest.mark.django_db
@pytest.mark.usefixtures("test_pages")
def test_it_leaves_a_body_with_a_length_alone() -> None:
    status, content, _ = ask(b"name=x", CONTENT_LENGTH="6")
    assert status == 200
    assert b'"name": ["x"]' in content


def start(folder: Path, root_key: str, code: str = "import vault.wsgi") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**clean_environment(), "HOLDFAST_VAR_DIR": str(folder), "HOLDFAST_ROOT_KEY": root_key},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_it_ends_with_a_message_when_the_root_key_is_another(tmp_path: Path) -> None:
    right, wrong = generate_root_key_text(), generate_root_key_text()
    made = start(tmp_path, right, "import sys, manage; sys.argv = ['manage.py', 'migrate', '-v0']; manage.main()")
    assert made.returncode == 0, made.stderr
    assert start(tmp_path, right).returncode == 0

    refused = start(tmp_path, wrong)
    assert refused.returncode == EXIT_CONFIGURATION
    assert "need the root key" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert right not in refused.stderr
    assert wrong not in refused.stderr

    for nonsense in ("not a key", "hfroot1-short"):
        refused = start(tmp_path, nonsense)
        assert refused.returncode == EXIT_CONFIGURATION
        assert "Traceback" not in refused.stderr
        assert nonsense not in refused.stderr


@pytest.mark.slow
def test_it_starts_before_there_is_a_database(tmp_path: Path) -> None:
    assert start(tmp_path, generate_root_key_text()).returncode == 0
    assert list(tmp_path.iterdir())
