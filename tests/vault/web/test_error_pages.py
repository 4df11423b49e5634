"""What people see when something cannot be done."""

import json

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.template import loader
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from tests.harness.roles import as_table_owner
from tests.vault.web.addresses_of_tests import CANARY
from vault.errors import error_response

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("test_pages")]

STATUSES = [400, 403, 404, 405, 410, 413, 415, 429, 500, 503]


@pytest.fixture
def quiet() -> Client:
    """A browser that gets the error page instead of the exception."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("status", STATUSES)
def test_it_has_a_page_for_every_status_without_asking_the_database(rf: RequestFactory, status: int) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = error_response(rf.get("/"), status, "A reason <b>.", retry_after=61)
    text = page.content.decode()
    assert page.status_code == status
    assert f">{status}<" in text
    assert "A reason &lt;b&gt;." in text
    assert "If you ask for help, quote" in text
    assert len(queries) == 0


@pytest.mark.parametrize("status", STATUSES)
def test_it_answers_in_json_to_who_asks_for_it(rf: RequestFactory, status: int) -> None:
    answer = error_response(rf.get("/", headers={"Accept": "application/json"}), status, "A reason.")
    body = json.loads(answer.content)
    assert answer.status_code == status
    assert body["reason"] == "A reason."
    assert body["error"].endswith(".")
    assert len(body["correlation_id"]) == 16


@pytest.mark.parametrize("accept", ["", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "image/png", "nonsense"])
def test_it_answers_with_a_page_to_everybody_else(rf: RequestFactory, accept: str) -> None:
    headers = {"Accept": accept} if accept else {}
    assert error_response(rf.get("/", headers=headers), 404)["Content-Type"].startswith("text/html")


def test_it_says_404_for_what_does_not_exist(quiet: Client) -> None:
    answer = quiet.get("/nowhere/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}])
def test_it_shows_and_logs_nothing_of_what_a_view_was_working_on(
    quiet: Client, capsys: pytest.CaptureFixture[str], headers: dict[str, str]
) -> None:
    import logging

    from vault.logs import formatter

    handler = logging.StreamHandler()
    handler.setFormatter(formatter(as_json=True))
    logging.getLogger().addHandler(handler)
    try:
        answer = quiet.get("/broken/", headers=headers)
    finally:
        logging.getLogger().removeHandler(handler)
    written = capsys.readouterr().err
    assert answer.status_code == 500
    assert answer["X-Correlation-ID"] in answer.content.decode()
    assert CANARY not in answer.content.decode()
    assert "in broken" in written
    assert answer["X-Correlation-ID"] in written
    assert CANARY not in written


def test_it_says_503_when_the_database_is_down(quiet: Client) -> None:
    answer = quiet.get("/database-down/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "The database does not answer" in answer.content.decode()
    assert CANARY not in answer.content.decode()


def test_it_says_503_when_the_log_cannot_be_written(quiet: Client) -> None:
    answer = quiet.get("/log-down/")
    assert answer.status_code == 503
    assert "activity log cannot be written" in answer.content.decode()


def test_it_names_the_key_that_is_needed(quiet: Client) -> None:
    answer = quiet.get("/key-gone/")
    assert answer.status_code == 503
    assert "0001-0203-0405-0607" in answer.content.decode()


def test_it_names_the_row_of_a_damaged_value(quiet: Client) -> None:
    answer = quiet.get("/damaged/")
    assert answer.status_code == 500
    assert "0000-0000-0000-0000" in answer.content.decode()
    assert "00000000-0000-0000-0000-000000000007" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_it_says_503_when_the_session_cannot_be_read(quiet: Client) -> None:
    quiet.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_session RENAME TO accounts_session_away")
    try:
        answer = quiet.get("/guarded/")
        assert answer.status_code in {200, 500, 503}
    finally:
        with as_table_owner(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_session_away RENAME TO accounts_session")


def test_it_still_answers_when_its_own_template_fails(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(names: list[str]) -> None:
        raise ValueError("Missing staticfiles manifest entry")

    monkeypatch.setattr(loader, "select_template", fail)
    answer = error_response(rf.get("/"), 500)
    assert answer.status_code == 500
    assert b"Something went wrong" in answer.content


def test_it_reads_an_accept_header_of_any_kind(rf: RequestFactory) -> None:
    for accept in ("application/json;q=x", "a/b;;,,", "application/json" * 500, "\x00"):
        assert error_response(rf.get("/", headers={"Accept": accept}), 404).status_code == 404


def test_it_works_on_a_request_that_has_nothing() -> None:
    assert error_response(HttpRequest(), 500).status_code == 500
