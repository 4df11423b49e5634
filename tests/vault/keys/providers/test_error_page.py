"""What a page says when root keys cannot be had: how to go on, and nothing of files and services."""

import logging

import pytest
from django.test import RequestFactory

from vault.errors import server_error
from vault.keys.providers import RootKeyProblem, RootKeyUnavailable


@pytest.mark.parametrize(
    ("failure", "shown"),
    [
        (RootKeyProblem("The root key file /etc/holdfast/root-key cannot be read."), "log says why"),
        (RootKeyUnavailable("The root key 0001-0203-0405-0607 cannot be had."), "0001-0203-0405-0607 cannot be had"),
    ],
)
def test_it_answers_503_with_a_reason(failure: Exception, shown: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        try:
            raise failure
        except RootKeyProblem:
            answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert shown in answer.content.decode()
    assert "/etc/holdfast" not in answer.content.decode()
    assert ("/etc/holdfast" in caplog.text) == ("/etc/holdfast" in str(failure))
