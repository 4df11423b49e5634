"""The web server. TLS, HTTP/2 and public addresses are the proxy's (deploy/Caddyfile)."""

import ipaddress
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from gunicorn import glogging

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vault.process import protect_process

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = os.environ.get("HOLDFAST_ENV") == "production"
HOUSEKEEPING_SECONDS = 3600
FIRST_HOUSEKEEPING_SECONDS = 60
RETRY_SECONDS = 5
PUT_OFF_REQUESTS = 100

wsgi_app = "vault.wsgi"
chdir = str(ROOT)
bind = os.environ.get("HOLDFAST_BIND", "127.0.0.1:8000")
proc_name = "holdfast"

# Two processes had the best throughput and the best worst case on two cores. Behind a proxy that reads requests whole,
# each serves one request at a time; without one (development) browsers hold idle connections open, and threads keep
# those from blocking everybody else.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("HOLDFAST_THREADS", "1" if PRODUCTION else "4"))
timeout = 30
graceful_timeout = 20
keepalive = 2
# Workers are renewed now and then, not all at once: memory that once held a secret goes back to the system.
max_requests = 2000
max_requests_jitter = 400
preload_app = False  # Keys and database connections are never shared through a fork.

# Larger ones are refused before the application sees them; bodies are limited by the application and by the proxy.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Forwarded headers pass through untouched, and the application alone decides whom it believes
# (HOLDFAST_TRUSTED_PROXIES): two places that decide would disagree one day.
forwarded_allow_ips = ""
forwarder_headers = ""
header_map = "drop"  # a header whose name has an underscore may be an attempt to pass for another

umask = 0o077
control_socket_disable = True  # By default it would listen in the home folder.
accesslog = None  # Who looked at what, and for what, is in the audit log, which is protected; a text file is not.
errorlog = "-"
loglevel = "info" if PRODUCTION else "warning"


class QuotelessLogger(glogging.Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's log without what clients sent: a request line may hold anything that was ever pasted into one."""

    def exception(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log an error in handling a request without its path; the traceback stays."""
        if str(msg).startswith("Error handling request"):
            msg, args = "Error handling a request", ()
        super().exception(msg, *args, **kwargs)

    def warning(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log a malformed request without quoting it."""
        if str(msg).startswith("Invalid request from"):
            msg, args = str(msg).partition(": ")[0], ()
        super().warning(msg, *args, **kwargs)


logger_class = QuotelessLogger


class Housekeeper:
    """Runs `manage.py housekeeping` every hour in a process of its own: the arbiter never opens the database."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; the first run comes soon, because an instance that restarts every hour must be kept, too."""
        threading.Thread(target=self._run, name="housekeeping", daemon=True).start()

    def stop(self) -> None:
        """End it, together with a run under way: each of its steps is a transaction."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()

    def _run(self) -> None:
        pause = FIRST_HOUSEKEEPING_SECONDS
        while not self._stopping.wait(pause):
            pause = HOUSEKEEPING_SECONDS
            # A session of its own: Ctrl-C at the terminal is for the arbiter, which stops it in an orderly way.
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "housekeeping"], cwd=ROOT, start_new_session=True
            )
            self._process.wait()


def on_starting(server: Any) -> None:
    """Refuse what must not be served, also when gunicorn was started without deploy/serve.py."""
    for host, *_ in (address for address in server.address if isinstance(address, tuple)):
        if not PRODUCTION and not (host == "localhost" or ipaddress.ip_address(host).is_loopback):
            sys.exit(f"Development serves this machine alone, and {host} can be reached from others.")
    protect_process()


def post_fork(server: Any, worker: Any) -> None:
    """Each worker holds keys, and is protected itself: a change of user, for one, would undo what it inherited."""
    protect_process()


def pre_request(worker: Any, request: Any) -> None:
    """Put off the renewal of a worker while its successor could not have the root keys: it would serve nothing."""
    if worker.nr + 1 < worker.max_requests:
        return
    from vault.keys.providers import could_begin

    if not could_begin():
        worker.max_requests = worker.nr + 1 + PUT_OFF_REQUESTS


def worker_int(worker: Any) -> None:
    """Leave once: Ctrl-C reaches a worker twice, from the terminal and from the arbiter, and the second must not
    interrupt what the first has it do on its way out. One that hangs there is killed after ``graceful_timeout``.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # not SIG_IGN: of one that is pending Python would print an error


def worker_exit(server: Any, worker: Any) -> None:
    """Let the others go on when a worker that was to take another's place could not begin; one comes again.

    With the exit codes for a failed start gunicorn stops as a whole. That is right for the first workers only.
    """
    if worker.pid == os.getpid():  # the arbiter calls this, too, for a worker that has vanished
        worker_int(worker)
    if not worker.booted and worker.age > server.cfg.workers:
        time.sleep(RETRY_SECONDS)
        sys.exit(1)


def when_ready(server: Any) -> None:
    """Say where it listens and start the housekeeping."""
    sys.stdout.write(f"Holdfast serves on {', '.join(map(str, server.LISTENERS))} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    server.housekeeper = Housekeeper()
    server.housekeeper.start()


def on_exit(server: Any) -> None:
    """Stop the housekeeping with the server."""
    server.housekeeper.stop()
