"""Nothing of an organization comes out to a member who is outside of its networks, on any address."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.roles import Role
from tests.invariants.matrix.stage import ABOUT_ROWS
from tests.invariants.snapshot import take_snapshot
from tests.invariants.test_permission_matrix import TRACES, Scene, ask, scene  # noqa: F401 - fixture
from tests.invariants.urls import MATRIX
from tests.orgs.network.rules import HOME, NETWORK, OFFICE, let_in


@pytest.fixture
def limited(scene: Scene) -> Scene:  # noqa: F811 - the fixture
    let_in(scene.cast.adam, scene.cast.acme, NETWORK)
    return scene


def test_no_address_answers_a_member_outside(limited: Scene, client_for: Callable[..., Client]) -> None:
    clients = {role: client_for(limited.role(role), REMOTE_ADDR=HOME) for role in Role}
    before = {name: rows for name, rows in take_snapshot().items() if name not in TRACES}
    wrong = []
    number = 0
    for role, client in clients.items():
        for name in ABOUT_ROWS:
            entry = MATRIX[name]
            for method in ("get", "post"):
                if getattr(entry, method, None) is None:
                    continue
                number += 1
                response = ask(client, method.upper(), limited.acme.path(name))
                if response.status_code not in {403, 404}:
                    wrong.append((role, method, name, response.status_code))
    assert wrong == []
    assert number > 300
    assert {name: rows for name, rows in take_snapshot().items() if name not in TRACES} == before


@pytest.mark.parametrize("forged", ["203.0.113.9", "203.0.113.9, 203.0.113.9", "::ffff:203.0.113.9", "for=203.0.113.9"])
def test_who_says_to_come_from_elsewhere_is_not_believed(
    limited: Scene, client_for: Callable[..., Client], forged: str
) -> None:
    path = limited.acme.path("orgs:members")
    headers = {"HTTP_X_FORWARDED_FOR": forged, "HTTP_FORWARDED": f"for={forged}", "HTTP_X_REAL_IP": forged}
    assert client_for(limited.cast.alice, REMOTE_ADDR=HOME, **headers).get(path).status_code == 403
    assert client_for(limited.cast.alice, REMOTE_ADDR=OFFICE).get(path).status_code == 200


def test_a_proxy_that_is_trusted_is_believed(
    limited: Scene, client_for: Callable[..., Client], settings: object
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.1"]  # type: ignore[attr-defined]  # the fixture
    path = limited.acme.path("orgs:members")

    def status(forwarded: str, peer: str = "10.0.0.1") -> int:
        client = client_for(limited.cast.alice, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
        return client.get(path).status_code

    assert status(OFFICE) == 200
    assert status(f"::ffff:{OFFICE}") == 200
    assert status(f"{HOME}, {OFFICE}") == 200
    assert status(f"{OFFICE}, {HOME}") == 403
    assert status(HOME) == 403
    assert status("") == 403
    assert status("rubbish") == 403
    assert status(OFFICE, peer="10.0.0.2") == 403


def test_lists_leave_it_out(limited: Scene, client_for: Callable[..., Client]) -> None:
    for address, seen in ((OFFICE, True), (HOME, False)):
        client = client_for(limited.cast.bob, REMOTE_ADDR=address)
        found = client.get(reverse("secrets:palette"), {"q": "API"}, headers={"accept": "application/json"})
        assert ("API_KEY" in found.content.decode()) is seen
        found = client.get(reverse("secrets:search"), {"q": "API"})
        assert ("API_KEY" in found.content.decode()) is seen
    listed = client_for(limited.cast.bob, REMOTE_ADDR=HOME).get(reverse("orgs:list")).content.decode()
    assert str(limited.cast.acme.uid) not in listed
    assert HOME in listed
