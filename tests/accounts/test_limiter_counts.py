"""Parallel attempts cannot slip past a limit, and a rollback gives none back."""

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from accounts.gate import public
from accounts.limiter import PASSWORD, Door, TooManyAttempts, guard
from audit.models import Event
from tests.accounts.doors import sign_in
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from vault import urls as project_urls

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_lets_exactly_the_limit_through_in_parallel() -> None:
    def knock() -> None:
        for _ in range(5):
            guard(Door.SIGN_IN, account="bob@example.com", ip="198.51.100.7")
            passed.append(1)

    passed: list[int] = []
    raised = in_parallel(*[knock] * 6)
    assert len(passed) == PASSWORD.pair.count
    assert {type(error) for error in raised} <= {TooManyAttempts, type(None)}
    assert Event.objects.filter(action="limiter.tripped").count() == 1


def test_it_checks_no_password_more_often_than_the_limit_in_parallel(transactional_cast: Cast) -> None:
    bob = transactional_cast.bob.email
    statuses: list[int] = []
    in_parallel(*[lambda: statuses.append(sign_in(Client(), bob, "wrong").status_code)] * (PASSWORD.pair.count + 4))
    assert statuses.count(422) == PASSWORD.pair.count
    assert statuses.count(429) == 4


@public
def breaks(request: HttpRequest) -> HttpResponse:
    """A view that counts an attempt and then fails inside of its transaction."""
    guard(Door.SIGN_IN, account="bob@example.com", ip="198.51.100.7")
    with transaction.atomic():
        Event.objects.exists()
        raise ZeroDivisionError


urlpatterns = [path("breaks/", breaks), *project_urls.urlpatterns]


@override_settings(ROOT_URLCONF=__name__)
def test_it_keeps_its_count_when_the_request_is_rolled_back() -> None:
    client = Client(raise_request_exception=False)
    statuses = [client.get("/breaks/").status_code for _ in range(PASSWORD.pair.count + 1)]
    assert statuses == [500] * PASSWORD.pair.count + [429]


def test_it_keeps_its_count_when_the_audit_log_fails(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit import services

    def fail(*args: object, **kwargs: object) -> None:
        raise services.EventNotWritten

    monkeypatch.setattr("accounts.services.sign_in.record", fail)
    client = Client(raise_request_exception=False)
    statuses = [
        sign_in(client, transactional_cast.bob.email, "wrong").status_code for _ in range(PASSWORD.pair.count + 1)
    ]
    assert statuses == [503] * PASSWORD.pair.count + [429]
