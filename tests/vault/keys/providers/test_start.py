"""A start waits for a provider for a while, says so, and is refused with a reason; it is never half a start."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe

import psutil
import pytest

from tests.harness.environment import ROOT, clean_environment
from tests.harness.postgresql import free_port
from tests.vault.keys.providers.bao import Bao
from tests.vault.keys.providers.clock import TestClock
from tests.vault.keys.providers.hsm import Hsm
from tests.vault.keys.providers.service import Service, wait_until
from vault.crypto.errors import WrongKey
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys.providers import RootKeyProblem, RootKeyUnavailable, configured_provider, remote
from vault.keys.providers.live import LiveRootKeys, load

pytestmark = pytest.mark.slow


def _load(clock: TestClock, wait: float = 30) -> LiveRootKeys:
    return load(configured_provider(), refresh=300, grace=60, wait=wait, on_drop=lambda: None, clock=clock)


@pytest.fixture
def sealed_text(service: Service, root_key_file: Callable[..., Path]) -> str:
    """What is configured: one sealed root key."""
    text = remote.seal(service.name, generate_root_key_text()).text
    root_key_file(text)
    return text


def test_it_tries_again_for_as_long_as_it_may_and_says_so_each_time(
    service: Service, sealed_text: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = TestClock()
    service.revoke()
    try:
        with pytest.raises(RootKeyUnavailable):
            _load(clock, wait=5)
    finally:
        service.grant()
    assert clock.slept == [2, 2, 1]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.partition(".")[0] for line in said] == [
        f"Root keys cannot be had yet; trying for {left} more seconds" for left in (5, 3, 1)
    ]
    assert all(sealed_text[-40:] not in line for line in said)


def test_it_begins_as_soon_as_the_provider_is_there(
    service: Service, sealed_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = TestClock()
    service.revoke()
    monkeypatch.setattr(clock, "sleep", lambda seconds: service.grant())
    assert _load(clock).root_keys()


def test_it_does_not_wait_for_what_waiting_does_not_mend(service: Service, root_key_file: Callable[..., Path]) -> None:
    one, two = (remote.seal(service.name, generate_root_key_text()) for _ in range(2))
    forged = two._replace(ciphertext=one.ciphertext)
    for texts, kind in (((forged.text,), RootKeyProblem), ((two.text, "hfseal1-"), RootKeyProblem)):
        root_key_file(*texts)
        clock = TestClock()
        with pytest.raises(kind) as caught:
            _load(clock)
        assert not isinstance(caught.value, RootKeyUnavailable)
        assert clock.slept == []


def test_two_root_keys_of_two_providers_in_one_file(
    bao: Bao, hsm: Hsm, configure: Callable[[dict[str, str]], None], root_key_file: Callable[..., Path]
) -> None:
    configure(bao.settings())
    configure(hsm.settings())
    texts = [generate_root_key_text() for _ in range(3)]
    root_key_file(remote.seal("openbao", texts[0]).text, remote.seal("pkcs11", texts[1]).text, texts[2])
    keys = _load(TestClock()).root_keys()
    assert [key.key_id for key in keys] == [RootKey.from_text(text).key_id for text in texts]

    hsm.revoke()
    try:
        with pytest.raises(RootKeyUnavailable, match="HOLDFAST_PKCS11_PIN_FILE"):
            _load(TestClock(), wait=0)
    finally:
        hsm.grant()


def test_one_of_two_providers_that_sealed_the_same_root_key_suffices(
    bao: Bao, hsm: Hsm, configure: Callable[[dict[str, str]], None], root_key_file: Callable[..., Path]
) -> None:
    configure(bao.settings())
    configure(hsm.settings())
    text = generate_root_key_text()
    root_key_file(remote.seal("openbao", text).text, remote.seal("pkcs11", text).text)
    for taken in (bao, hsm):
        taken.revoke()
        try:
            assert [key.key_id for key in _load(TestClock()).root_keys()] == [RootKey.from_text(text).key_id]
        finally:
            taken.grant()
    bao.revoke()
    hsm.revoke()
    try:
        with pytest.raises(RootKeyUnavailable, match=r"OpenBao key .* HOLDFAST_PKCS11_PIN_FILE"):
            _load(TestClock(), wait=0)
    finally:
        bao.grant()
        hsm.grant()


def test_a_wrong_key_is_named_by_both_fingerprints(service: Service, root_key_file: Callable[..., Path]) -> None:
    from vault.crypto.rootkey import root_key_material

    said, other = generate_root_key_text(), generate_root_key_text()
    honest = remote.seal(service.name, said)
    ciphertext = remote.remote_provider(service.name).encrypt(root_key_material(other), context=honest.context)
    root_key_file(honest._replace(ciphertext=ciphertext).text)
    with pytest.raises(WrongKey) as caught:
        _load(TestClock())
    for text in (said, other):
        assert RootKey.from_text(text).fingerprint in str(caught.value)


class Server:
    """gunicorn with one worker over an instance of its own, as production starts it."""

    def __init__(self, folder: Path, bao: Bao, *, wait: int, refresh: int = 300, grace: int = 3600) -> None:
        sealed = remote.seal("openbao", generate_root_key_text())
        (folder / "root-key").write_text(sealed.text, encoding="ascii")
        (folder / "root-key").chmod(0o600)
        self.port = free_port()
        self._log = folder / "output.log"
        self._environment = {
            **clean_environment(),
            **{f"HOLDFAST_{name}": value for name, value in bao.settings().items()},
            "HOLDFAST_VAR_DIR": str(folder / "var"),
            "HOLDFAST_ROOT_KEY_FILE": str(folder / "root-key"),
            "HOLDFAST_SECRET_KEY": token_urlsafe(64),
            "HOLDFAST_ROOT_KEY_WAIT_SECONDS": str(wait),
            "HOLDFAST_ROOT_KEY_REFRESH_SECONDS": str(refresh),
            "HOLDFAST_ROOT_KEY_GRACE_SECONDS": str(grace),
            "HOLDFAST_BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": "1",
        }

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py"), "vault.wsgi"],
                cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip


def test_a_server_without_its_provider_ends_with_4_and_a_reason(
    bao: Bao, configure: Callable[[dict[str, str]], None], tmp_path: Path
) -> None:
    configure(bao.settings())
    server = Server(tmp_path, bao, wait=5)
    bao.go()
    try:
        process = server.start()
        assert process.wait(timeout=60) == 4
    finally:
        bao.come_back()
    lines = server.output
    assert lines.count("Root keys cannot be had yet; trying for") >= 2
    assert "cannot be reached" in lines
    assert bao.address in lines
    assert "Traceback" not in lines
    assert "in handling" not in lines


def test_a_server_waits_for_longer_than_gunicorn_has_patience_with_a_worker(
    bao: Bao, configure: Callable[[dict[str, str]], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(bao.settings())
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--timeout 3")
    server = Server(tmp_path, bao, wait=60)
    bao.go()
    process = server.start()
    try:
        wait_until(lambda: server.output.count("cannot be had yet") >= 4, seconds=40, why=server.output)
        assert process.poll() is None
        assert "WORKER TIMEOUT" not in server.output
        bao.come_back()
        wait_until(lambda: "Holdfast serves" in server.output and _answers(server.port), seconds=40, why=server.output)
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
        if not bao._answers():
            bao.come_back()


def _answers(port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
