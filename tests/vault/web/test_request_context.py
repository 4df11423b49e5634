"""Where a request came from, and the id under which everybody can speak about it."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from vault import context

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("test_pages")]


def test_it_makes_an_id_for_each_request_and_says_it(client: Client) -> None:
    answers = [client.get("/echo/") for _ in range(20)]
    ids = {answer["X-Correlation-ID"] for answer in answers}
    assert len(ids) == 20
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)
    assert all(answer["X-Correlation-ID"] == answer.json()["correlation_id"] for answer in answers)


@pytest.mark.parametrize(
    "header", ["X-Correlation-ID", "X-Request-ID", "Correlation-Id", "Traceparent", "X_Correlation_ID"]
)
def test_it_never_takes_the_id_from_the_client(client: Client, header: str) -> None:
    answer = client.get("/echo/", headers={header: "00112233445566ff"})
    assert answer["X-Correlation-ID"] == answer.json()["correlation_id"] != "00112233445566ff"


def test_it_forgets_a_request_when_it_is_over(client: Client) -> None:
    before = context.current()
    client.get("/echo/", HTTP_USER_AGENT="Firefox")
    Client(raise_request_exception=False).get("/broken/")
    assert context.current() == before


@pytest.mark.parametrize(
    "forged", ["198.51.100.1", "127.0.0.1", "::1", "10.0.0.1, 127.0.0.1", "unknown", "\x00", "a" * 9000]
)
@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP", "X_Forwarded_For", "CF-Connecting-IP"],
)
def test_it_believes_no_header_about_the_address(header: str, forged: str) -> None:
    sent: dict[str, Any] = {f"HTTP_{header.upper().replace('-', '_')}": forged}
    answer = Client(REMOTE_ADDR="203.0.113.66", **sent).get("/echo/")
    assert answer.json()["ip"] == "203.0.113.66"


@override_settings(TRUSTED_PROXIES=["10.0.0.0/8"])
def test_it_believes_a_trusted_proxy() -> None:
    client = Client(REMOTE_ADDR="10.0.0.5")
    assert client.get("/echo/", HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9").json()["ip"] == "203.0.113.9"
    assert client.get("/echo/").json()["ip"] == "10.0.0.5"
    stranger = Client(REMOTE_ADDR="203.0.113.66")
    assert stranger.get("/echo/", HTTP_X_FORWARDED_FOR="10.0.0.1").json()["ip"] == "203.0.113.66"


@override_settings(TRUSTED_PROXIES=["10.0.0.0/8"], SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
def test_it_takes_the_word_of_a_proxy_alone_for_https() -> None:
    assert Client(REMOTE_ADDR="10.0.0.5").get("/echo/", HTTP_X_FORWARDED_PROTO="https").json()["secure"] is True
    assert Client(REMOTE_ADDR="203.0.113.66").get("/echo/", HTTP_X_FORWARDED_PROTO="https").json()["secure"] is False


def test_it_never_takes_the_host_from_a_header_of_proxies(client: Client) -> None:
    assert settings.USE_X_FORWARDED_HOST is False
    assert client.get("/echo/", HTTP_X_FORWARDED_HOST="evil.example").status_code == 200


def test_it_cuts_and_cleans_the_user_agent(client: Client) -> None:
    agent = client.get("/echo/", HTTP_USER_AGENT="Firefox\x1b[2K\nforged \u202eline" + "x" * 9000).json()["agent"]
    assert len(agent) == 200
    assert agent.startswith("Firefox�[2K�forged �line")


def test_it_logs_the_route_and_not_what_the_address_says(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "vault.request"):
        client.get("/name/canary-name/?q=canary-query")
    assert "canary" not in caplog.text
    assert "GET /name/<str:name>/ 200" in caplog.text
