"""What the shipped proxy does to requests: the real program, with the shipped configuration."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator

import pytest

from tests.deploy.proxy import Proxy


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("proxy")) as running:
        yield running


def _handshake(proxy: Proxy, version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        return tls.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")  # they are old: that is what is asked
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_it_refuses_tls_before_1_2(proxy: Proxy, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError):
        _handshake(proxy, version)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "name"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_it_speaks_tls_1_2_and_1_3(proxy: Proxy, version: ssl.TLSVersion, name: str) -> None:
    assert _handshake(proxy, version) == name


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("ciphers", ["ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256"])
def test_it_refuses_ciphers_without_authentication_or_forward_secrecy(proxy: Proxy, ciphers: str) -> None:
    with pytest.raises(ssl.SSLError):
        _handshake(proxy, ssl.TLSVersion.TLSv1_2, ciphers)


def test_it_asks_browsers_to_use_nothing_but_https(proxy: Proxy) -> None:
    response, _ = proxy.request("GET", "/")
    policy = response.headers["Strict-Transport-Security"]
    assert "max-age=63072000" in policy
    assert "includeSubDomains" in policy


def test_it_says_neither_what_it_is_nor_of_ports_that_are_closed(proxy: Proxy) -> None:
    response, _ = proxy.request("GET", "/")
    assert not {"Server", "Via", "Alt-Svc"} & set(response.headers)


def test_it_sends_plain_http_to_https(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("localhost", proxy.plain_port, timeout=5)
    connection.request("GET", "/projects")
    response = connection.getresponse()
    assert response.status in (301, 308)
    assert response.headers["Location"].startswith("https://localhost")
    connection.close()


def test_it_drops_forwarded_headers_that_a_client_made_up(proxy: Proxy) -> None:
    forged = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    _, body = proxy.request("GET", "/", headers=forged)
    seen = json.loads(body)["headers"]
    assert seen["X-Forwarded-For"] in ("127.0.0.1", "::1")
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["X-Forwarded-Host"].startswith("localhost")


def test_it_lets_a_file_of_one_mebibyte_through(proxy: Proxy) -> None:
    response, body = proxy.request("POST", "/", body=bytes(1024 * 1024 + 4096))
    assert response.status == 200
    assert json.loads(body)["length"] == 1024 * 1024 + 4096


def test_it_refuses_a_body_that_is_far_too_large(proxy: Proxy) -> None:
    try:
        response, _ = proxy.request("POST", "/", body=bytes(8 * 1024 * 1024))
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        return  # it hung up while the rest was on its way
    assert response.status == 413


def test_its_log_holds_no_path_of_a_request_even_when_the_application_is_down(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Proxy(tmp_path_factory.mktemp("down")) as proxy:
        proxy.upstream.server_close()  # the thread ends with shutdown() in __exit__
        response, _ = proxy.request("GET", "/join/one-time-token-canary?next=query-canary")
        assert response.status == 502
        log = proxy.log.read_text(encoding="utf-8")
    assert "502" in log
    assert "canary" not in log
