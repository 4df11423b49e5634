"""What reaches the application through a real gunicorn: bodies that are too large, chunked ones, forged headers."""

import re
import socket
from collections.abc import Iterator

import pytest

from tests.deploy.instance import Instance

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with Instance(tmp_path_factory.mktemp("served"), HOLDFAST_TRUSTED_PROXIES="127.0.0.1") as running:
        yield running


def exchange(served: Instance, head: str, body: bytes = b"") -> str:
    """Send a request byte by byte as given; the answer, read to its end."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n" + body)
        connection.settimeout(20)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors="replace")


def chunked(body: bytes, size: int = 50_000) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def post(length: str) -> str:
    return (
        "POST /sign-in/ HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n"
        f"Content-Type: application/x-www-form-urlencoded\n{length}\n"
    )


def test_a_browser_that_sends_too_much_sees_the_page_that_says_so(served: Instance) -> None:
    body = b"x" * (5 * 1024 * 1024)
    answer = exchange(served, post(f"Content-Length: {len(body)}"), body)
    assert answer.startswith("HTTP/1.1 413 ")
    assert "At most 4 MiB" in answer


def test_a_chunked_body_that_is_too_large_is_told_the_same(served: Instance) -> None:
    answer = exchange(served, post("Transfer-Encoding: chunked"), chunked(b"x" * (5 * 1024 * 1024)))
    assert answer.startswith("HTTP/1.1 413 ")
    assert "At most 4 MiB" in answer


def test_a_chunked_body_is_checked_like_any_other(served: Instance) -> None:
    assert exchange(served, post("Transfer-Encoding: chunked"), chunked(b"email=a%00")).startswith("HTTP/1.1 400 ")
    assert exchange(served, post("Transfer-Encoding: chunked"), chunked(b"email=a")).startswith("HTTP/1.1 403 ")  # CSRF


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\nTransfer-Encoding: chunked",
        "Content-Length: 5\nContent-Length: 6",
        "Content-Length: -1",
        "Content-Length: 1_0",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
    ],
)
def test_a_body_with_two_lengths_is_no_request(served: Instance, head: str) -> None:
    status = int(exchange(served, post(head), b"0\r\n\r\n").split()[1])
    assert status in {400, 501}


@pytest.mark.parametrize("header", ["X_Forwarded_For: 6.6.6.6", "X_FORWARDED_FOR: 6.6.6.6", "X-Forwarded_For: 6.6.6.6"])
def test_a_header_with_an_underscore_does_not_pass_for_the_proxys(served: Instance, header: str) -> None:
    answer = exchange(served, f"GET /healthz HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n{header}\n")
    assert address_of(served, answer) == "127.0.0.1"


def test_the_last_of_several_forwarded_headers_is_the_proxys(served: Instance) -> None:
    head = "GET /healthz HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n"
    answer = exchange(served, f"{head}X-Forwarded-For: 6.6.6.6\nX-Forwarded-For: 203.0.113.9\n")
    assert address_of(served, answer) == "203.0.113.9"


def address_of(served: Instance, answer: str) -> str:
    """Whom the log names for the request that was answered."""
    found = re.search(r"^X-Correlation-ID: ([0-9a-f]{16})", answer, re.MULTILINE | re.IGNORECASE)
    assert found, answer
    line = next(line for line in served.output.splitlines() if found[1] in line)
    return line.rpartition(" from ")[2].strip('" },')
