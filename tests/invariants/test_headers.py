"""The headers of every response of every address: for a stranger, for somebody signed in, for errors and redirects."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser  # noqa: F401 - loads the app before the resolver is walked
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from tests.cast import Cast, signed_in_client
from tests.invariants.services import make_world
from tests.invariants.urls import addresses
from vault.middleware import PERMISSIONS_POLICY, content_security_policy

ARGUMENTS = dict(addresses())
SUPPORT = ("/support/", "/support/accounts/user/", "/support/orgs/organization/", "/support/nowhere/")


def assert_headers(answer: HttpResponse, where: str) -> None:
    """Every header that every response must have."""
    headers = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'", where
    assert policy["frame-ancestors"] == "'none'", where
    assert policy["base-uri"] == "'none'", where
    assert policy["form-action"] == "'self'", where
    assert policy["script-src"] == policy["style-src"] == "'self'", where
    assert policy["require-trusted-types-for"] == "'script'", where
    for word in ("unsafe", "*", "http:", "https:", "blob:"):
        assert word not in headers["Content-Security-Policy"], where
    assert headers["Cache-Control"] == "no-store", where
    assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, where
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["X-Frame-Options"] == "DENY", where
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert headers["Permissions-Policy"] == PERMISSIONS_POLICY, where
    assert len(headers["X-Correlation-ID"]) == 16, where
    assert "Server" not in headers, where
    assert "X-Powered-By" not in headers, where
    for cookie in answer.cookies.values():
        assert cookie["samesite"] in {"Lax", "Strict"}, where
        assert cookie["path"] == "/", where
        assert not cookie["domain"], where
        assert bool(cookie["httponly"]) is True, f"{where}: {cookie.key}"


def paths(cast: Cast) -> list[str]:
    """Every address, about rows of acme where it is about a row."""
    world = make_world(cast)
    assert world.environment is not None
    rows = {
        "organization": cast.acme.uid,
        "project": world.project.uid,
        "environment": world.environment.uid,
        "secret": world.secret.uid,
        "membership": world.member(cast.vera).uid,
        "invitation": world.invitation.uid,
        "number": 1,
        "purpose": "token",
    }
    return [reverse(name, kwargs={one: rows.get(one, uuid4()) for one in named}) for name, named in ARGUMENTS.items()]


def test_it_sends_every_header_from_every_address(cast: Cast) -> None:
    everywhere = [*paths(cast), *SUPPORT, "/nowhere/", "/name%00", f"/secrets/{uuid4()}/"]
    clients = {
        "stranger": Client(raise_request_exception=False),
        "alice": signed_in_client(cast.alice, raise_request_exception=False),
        "vera": signed_in_client(cast.vera, raise_request_exception=False),
        "sam": signed_in_client(cast.sam, raise_request_exception=False),
    }
    for path in everywhere:
        for who, client in clients.items():
            for method in (client.get, client.head, client.put):
                assert_headers(method(path), f"{method.__name__} {path} as {who}")  # type: ignore[arg-type]  # the client's own response class


def test_it_sends_every_header_with_the_answers_to_forms(cast: Cast) -> None:
    for path in [*paths(cast), *SUPPORT]:
        if path == reverse("accounts:sign_out"):
            continue
        for who, client in {"stranger": Client(), "vera": signed_in_client(cast.vera)}.items():
            client.raise_request_exception = False
            assert_headers(client.post(path, {}), f"post {path} as {who}")  # type: ignore[arg-type]  # as above


@pytest.mark.django_db
@pytest.mark.parametrize(
    "request_of",
    [
        {"path": "/sign-in/", "HTTP_HOST": "evil.example"},
        {"path": "/sign-in/", "CONTENT_LENGTH": "abc"},
        {"path": "/sign-in/", "QUERY_STRING": "q=%00"},
        {"path": "/healthz"},
        {"path": "/readyz"},
        {"path": "/static/nowhere.css"},
    ],
    ids=str,
)
def test_it_sends_every_header_with_refusals(request_of: dict[str, str]) -> None:
    path = request_of.pop("path")
    assert_headers(Client().get(path, **request_of), path)  # type: ignore[arg-type]  # as above


@pytest.mark.django_db
@override_settings(SECURE_SSL_REDIRECT=True)
def test_it_sends_every_header_with_the_redirect_to_https() -> None:
    answer = Client().get("/sign-in/")
    assert answer.status_code == 301
    assert_headers(answer, "redirect")  # type: ignore[arg-type]  # as above


@override_settings(SECURE_HSTS_SECONDS=63072000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=True)
def test_it_promises_https_for_two_years() -> None:
    answer = Client().get("/healthz", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"


@pytest.mark.django_db
def test_it_lets_static_files_alone_be_cached(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("static")
    (root / "app.0123456789ab.css").write_text("body{}", encoding="ascii")
    with override_settings(STATIC_ROOT=str(root)):
        answer = Client().get("/static/app.0123456789ab.css")
    assert answer.status_code == 200
    assert "no-store" not in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert b"".join(answer.streaming_content) == b"body{}"  # type: ignore[attr-defined]  # a streaming response


@pytest.mark.django_db
@pytest.mark.usefixtures("test_pages_of_the_web")
def test_it_overrules_a_view_that_would_be_cached_and_streams_untouched() -> None:
    assert Client().get("/cached/")["Cache-Control"] == "no-store"
    answer = Client().get("/streamed/")
    assert answer.streaming
    assert len(b"".join(answer.streaming_content)) == 100_000  # type: ignore[attr-defined]  # a streaming response
    assert answer["Cache-Control"] == "no-store"


@pytest.fixture
def test_pages_of_the_web() -> object:
    with override_settings(ROOT_URLCONF="tests.vault.web.addresses_of_tests"):
        yield


def test_it_writes_the_policy_as_djangos_next_release_does() -> None:
    assert content_security_policy({"default-src": ["'self'", "x"], "upgrade-insecure-requests": True}) == (
        "default-src 'self' x; upgrade-insecure-requests"
    )
    assert content_security_policy({"a": None, "b": False, "c": "'none'", "d": ("x",)}) == "c 'none'; d x"
    assert content_security_policy(settings.SECURE_CSP).startswith("default-src 'none'; ")
