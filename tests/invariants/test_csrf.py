"""No address takes a form without its protection token (ASVS 5.0 3.5.1)."""

from django.test import Client
from django.urls import get_resolver

from tests.cast import Cast, signed_in_client
from tests.invariants.snapshot import take_snapshot
from tests.invariants.test_headers import SUPPORT, paths
from tests.invariants.urls import views


def test_it_refuses_every_form_without_a_token(cast: Cast) -> None:
    addresses = [*paths(cast), *SUPPORT]
    clients = [Client(enforce_csrf_checks=True), signed_in_client(cast.alice, enforce_csrf_checks=True)]
    before = take_snapshot()
    for path in addresses:
        for client in clients:
            # 405: the address takes no form at all.
            assert client.post(path, {"name": "x"}).status_code in {403, 405}, path
    assert take_snapshot() == before


def test_it_exempts_no_view() -> None:
    found = list(views(get_resolver().url_patterns))
    assert len(found) > 50
    assert [view for view in found if getattr(view, "csrf_exempt", False)] == []
