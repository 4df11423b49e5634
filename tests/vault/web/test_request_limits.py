"""What is refused before any view sees it: the right status, a clear sentence, never a 500."""

import io
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Cast, signed_in_client
from vault import requests

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("test_pages")]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=BOUNDARY"


def multipart(*parts: tuple[bytes, bytes]) -> bytes:
    """A body with the fields, bytes as they are."""
    blocks = [
        b"--BOUNDARY\r\nContent-Disposition: form-data; name=" + name + b"\r\n\r\n" + data for name, data in parts
    ]
    return b"\r\n".join([*blocks, b"--BOUNDARY--\r\n"])


# --- forms ---
BROKEN = {
    "NUL": b"%00",
    "lone continuation": b"%80",
    "overlong": b"%C0%AF",
    "surrogate": b"%ED%A0%80",
    "cut short": b"%E2%82",
    "latin-1": b"caf%E9",
    "raw bytes": b"caf\xe9",
    "raw NUL": b"a\x00b",
}


@pytest.mark.parametrize("bad", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("body", [b"first=1&name=%s&last=2", b"first=1&%s=x", b"name=%s"], ids=["value", "key", "only"])
def test_it_refuses_a_form_with_bytes_that_are_not_text(client: Client, bad: bytes, body: bytes) -> None:
    answer = client.post("/echo/", body % bad, content_type=FORM)
    assert answer.status_code == 400
    assert "bytes that are not text" in answer.content.decode()


def test_it_names_the_field(client: Client) -> None:
    assert (
        "The field “project_name”" in client.post("/echo/", b"project_name=a%00b", content_type=FORM).content.decode()
    )
    body = multipart((b'"first"', b"fine"), (b'"notes"', b"a\x00b"))
    assert "The field “notes”" in client.post("/echo/", body, content_type=MULTIPART).content.decode()


@pytest.mark.parametrize("bad", [b"a\x00b", b"caf\xe9", b"\xed\xa0\x80", b"\xff\xfe", b"\xe2\x82"])
def test_it_refuses_a_multipart_form_with_bytes_that_are_not_text(client: Client, bad: bytes) -> None:
    answer = client.post("/echo/", multipart((b'"first"', b"fine"), (b'"name"', bad)), content_type=MULTIPART)
    assert answer.status_code == 400
    assert "“name”" in answer.content.decode()


@pytest.mark.parametrize("text", ["plain", "ü €", "\ufffd was really sent", "👩‍💻", "a\r\nb\tc", "=&+%", ""])
def test_it_passes_on_text_exactly_as_it_was_sent(client: Client, text: str) -> None:
    assert client.post("/echo/", f"name={quote(text)}", content_type=FORM).json()["form"] == {"name": [text]}
    body = multipart((b'"name"', text.encode()))
    assert client.post("/echo/", body, content_type=MULTIPART).json()["form"] == {"name": [text]}


def test_it_passes_on_a_file_of_any_bytes(cast: Cast) -> None:
    upload = io.BytesIO(bytes(range(256)) * 3600)
    upload.name = "key\x00\u202e.bin"
    answer = signed_in_client(cast.bob).post("/echo/", {"file": upload, "name": "x"})
    assert answer.json()["files"] == {"file": 921_600}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--BOUNDARY",
        b"--BOUNDARY\r\n\r\nx",
        b"no boundary at all",
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
    ],
)
def test_it_answers_broken_multipart_without_failing(client: Client, body: bytes) -> None:
    assert client.post("/echo/", body, content_type=MULTIPART).status_code in {200, 400}
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=ü", "multipart/form-data; boundary="):
        assert client.post("/echo/", body or b"x", content_type=content_type).status_code == 400


@pytest.mark.parametrize("charset", ["utf-16", "nonsense", "latin-1", "utf-7", "utf-8-sig", "cp037", ""])
def test_it_refuses_every_encoding_but_utf_8(client: Client, charset: str) -> None:
    content_type = f"{FORM}; charset={charset}"
    for method, query in (("POST", ""), ("GET", "q=%2BAAA-")):
        answer = client.generic(method, "/echo/", b"name=x", content_type=content_type, QUERY_STRING=query)
        assert answer.status_code == 400


def test_it_takes_utf_8_under_its_name(client: Client) -> None:
    assert client.generic("POST", "/echo/", b"name=x", content_type=f"{FORM}; charset=UTF-8").status_code == 200


def test_it_keeps_what_was_sent_out_of_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    # Without a name in front, a pasted value is what looks like the field's name.
    assert client.post("/echo/", b"canary-hunter2%00", content_type=FORM).status_code == 400
    assert (
        client.post("/echo/", multipart((b'"canary-hunter2"', b"canary-hunter2\0")), content_type=MULTIPART).status_code
        == 400
    )
    assert client.get("/echo/?canary-hunter2=%00").status_code == 400
    assert caplog.records
    assert "canary" not in caplog.text


def test_it_refuses_more_fields_than_any_form_has(client: Client) -> None:
    answer = client.post("/echo/", "&".join(f"f{n}=1" for n in range(501)), content_type=FORM)
    assert answer.status_code == 400
    assert "more fields or files" in answer.content.decode()
    answer = client.post("/echo/", multipart(*[(b'"f%d"' % n, b"1") for n in range(501)]), content_type=MULTIPART)
    assert answer.status_code == 400
    files = multipart(*[(b'"f%d"; filename="x"' % n, b"1") for n in range(11)])
    assert client.post("/echo/", files, content_type=MULTIPART).status_code == 400


@given(body=st.binary(max_size=300))
def test_it_never_fails_on_any_bytes(body: bytes) -> None:
    client = Client()
    for content_type in (FORM, MULTIPART):
        assert client.post("/echo/", body, content_type=content_type).status_code in {200, 400}
    assert client.post("/echo/", multipart((b'"name"', body)), content_type=MULTIPART).status_code in {200, 400}


# --- size ---
def test_it_refuses_a_body_over_the_limit(client: Client) -> None:
    over = b"x" * (settings.REQUEST_BODY_LIMIT + 1)
    for content_type in (FORM, MULTIPART, "text/plain", "application/json"):
        answer = client.post("/echo/", over, content_type=content_type)
        assert answer.status_code == 413
        assert "At most 4 MiB" in answer.content.decode()
    assert client.post("/nowhere/", over, content_type=FORM).status_code == 413


def test_it_refuses_an_env_file_of_five_megabytes(client: Client) -> None:
    upload = io.BytesIO(b"KEY=value\n" * 524_288)
    upload.name = ".env"
    assert client.post("/echo/", {"file": upload}).status_code == 413


def test_it_takes_a_body_up_to_the_limit(cast: Cast) -> None:
    body = b"name=" + b"x" * (settings.REQUEST_BODY_LIMIT - 5)
    assert signed_in_client(cast.bob).post("/echo/", body, content_type=FORM).status_code == 200


def test_it_reads_no_large_form_of_a_stranger(client: Client) -> None:
    fits, over = (b"name=" + b"%41" * count for count in (20_000, 22_000))
    assert client.post("/echo/", fits, content_type=FORM).status_code == 200
    with patch.object(requests, "check_form") as read:
        answer = client.post("/echo/", over, content_type=FORM)
    assert answer.status_code == 413
    assert "Sign in and send it again" in answer.content.decode()
    assert not read.called


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "１", "0x10", " 5"])
def test_it_refuses_a_length_that_is_no_number(client: Client, length: str) -> None:
    answer = client.generic("POST", "/echo/", b"a=1", content_type=FORM, CONTENT_LENGTH=length)
    assert answer.status_code == 400


# --- content type and method ---
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "text/xml", "application/octet-stream", "x"]
)
def test_it_refuses_a_body_of_another_type(client: Client, content_type: str) -> None:
    answer = client.post("/echo/", b"{}", content_type=content_type)
    assert answer.status_code == 415
    assert "multipart/form-data" in answer.content.decode()
    assert client.put("/api/", b"{}", content_type="application/json").status_code == 200
    assert client.put("/api/", b"a=1", content_type=FORM).status_code == 415


def test_it_lets_an_empty_post_have_no_type(client: Client) -> None:
    assert client.generic("POST", "/echo/").status_code in {200, 415}
    assert client.generic("POST", "/echo/", CONTENT_TYPE="").status_code == 200


@pytest.mark.parametrize(
    "method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "LIST", "PROPFIND", "get\u00fc"]
)
def test_it_refuses_methods_that_no_page_answers(client: Client, method: str) -> None:
    answer = client.generic(method, "/echo/")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD, POST"
    assert "X-Correlation-ID" in answer


def test_it_passes_on_the_methods_that_a_view_asks_for(client: Client) -> None:
    assert client.generic("LIST", "/api/").json() == {"method": "LIST"}
    assert client.post("/api/", b"a=1", content_type=FORM).status_code == 405


def test_it_says_more_than_an_empty_page_for_a_wrong_method(client: Client) -> None:
    answer = client.get("/only-post/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "This address does not do that" in answer.content.decode()


# --- address ---
@pytest.mark.parametrize(
    "path", ["/name/%00/", "/name/a%0Ab/", "/name/%1b/", "/name/%FF/", "/name/%C0%AF/", "/name/%ED%A0%80/", "/%7f"]
)
def test_it_refuses_a_path_that_is_not_text(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert "characters that no page" in answer.content.decode()


@pytest.mark.parametrize("query", ["q=%00", "q=%FF", "%00=1", "q=caf%E9", "q=%ED%A0%80", "\x00", "q=\xff"])
def test_it_refuses_a_query_that_is_not_text(client: Client, query: str) -> None:
    answer = client.get("/echo/", QUERY_STRING=query)
    assert answer.status_code == 400
    assert "after the question mark" in answer.content.decode()


def test_it_refuses_a_query_with_more_fields_than_any_page_has(client: Client) -> None:
    assert client.get("/echo/?" + "&".join(f"f{n}=1" for n in range(501))).status_code == 400


def test_it_passes_on_a_query_in_any_script(client: Client) -> None:
    assert client.get("/echo/?q=%D0%B6+%F0%9F%94%91%2B").json()["query"] == {"q": ["ж 🔑+"]}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "127.0.0.1:x", "", "a" * 300, "\x00"]
)
def test_it_refuses_a_forged_host_without_asking_the_database(client: Client, host: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/echo/", HTTP_HOST=host)
    assert answer.status_code == 400
    assert "does not answer to the address in your browser" in answer.content.decode()
    assert "evil" not in answer.content.decode()
    assert len(queries) == 0


# --- other sites ---
@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense", "CROSS-SITE"])
def test_it_refuses_a_form_that_another_site_sends(client: Client, site: str) -> None:
    answer = client.post("/echo/", {"a": "1"}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "another site" in answer.content.decode()
    assert client.get("/echo/", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}])
def test_it_takes_forms_of_its_own(client: Client, headers: dict[str, str]) -> None:
    assert client.post("/echo/", {"a": "1"}, headers=headers).status_code == 200


def test_it_still_asks_for_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/guarded/", {"a": "1"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert "Allow cookies" in answer.content.decode()
    answer = client.post("/guarded/", {"a": "1"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "evil" not in answer.content.decode()
