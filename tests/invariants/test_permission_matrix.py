"""Every address of the resolver, and what holds for all of them. Who may what of an organization's own, and what nobody
else learns of it, is in `tests.invariants.matrix`.

Allowed means: neither turned away nor told that there is nothing. What an allowed request then does is tested where it
is built.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from orgs.roles import Role
from tests.cast import Cast, make_person
from tests.invariants.matrix.stage import (
    ABOUT_ROWS,
    ADMINISTRATIVE,
    ARGUMENTS,
    Ids,
    ids_of,
    ids_of_the_instance,
    methods_of,
    who_left,
)
from tests.invariants.services import make_world
from tests.invariants.snapshot import take_snapshot
from tests.invariants.urls import MATRIX, Address, Administrative, Public

TURNED_AWAY = {401, 403, 404, 405}
# Where somebody who is not a member of anything may leave a trace: the log, and the session that was used.
TRACES = frozenset({"audit_event", "accounts_session"})


@dataclass
class Scene:
    cast: Cast
    rita: User
    """Was an owner of acme, and was removed."""
    acme: Ids
    instance: Ids
    """Of its rows only those that addresses about the instance name."""

    def role(self, role: Role) -> User:
        cast = self.cast
        return {Role.OWNER: cast.alice, Role.ADMIN: cast.adam, Role.MEMBER: cast.bob, Role.VIEWER: cast.vera}[role]

    @property
    def outsiders(self) -> dict[str, User]:
        return {"charlie": self.cast.charlie, "rita": self.rita, "sam": self.cast.sam}


@pytest.fixture
def scene(cast: Cast) -> Scene:
    world = make_world(cast)
    rita = make_person("Rita")
    acme = ids_of(world, who_left(world, rita))
    return Scene(cast, rita, acme, ids_of_the_instance())


def ask(client: Client, method: str, path: str) -> HttpResponse:
    return client.get(path) if method == "GET" else client.post(path, {})  # type: ignore[return-value]


def path_of(name: str, scene: Scene) -> str:
    if name in ADMINISTRATIVE:
        return scene.instance.path(name)
    return scene.acme.path(name) if name in ABOUT_ROWS else reverse(name)


def test_every_address_is_classified() -> None:
    assert set(ARGUMENTS) == set(MATRIX)


@pytest.mark.parametrize("name", ADMINISTRATIVE)
def test_pages_about_the_instance_are_there_for_its_administrators_alone(
    name: str, scene: Scene, client_for: Callable[..., Client]
) -> None:
    entry = MATRIX[name]
    assert isinstance(entry, Administrative)
    path = scene.instance.path(name)
    others = {**scene.outsiders, **{role.value: scene.role(role) for role in Role if role is not Role.OWNER}}
    clients = {who: client_for(user) for who, user in others.items()}
    methods = [method for method, taken in (("GET", entry.get), ("POST", entry.post)) if taken]
    before = take_snapshot(tables=TRACES)
    for method in methods:
        for who, client in clients.items():
            assert ask(client, method, path).status_code == 404, f"{who} {method} {path}"
    assert take_snapshot(tables=TRACES) == before
    alice = client_for(scene.cast.alice)
    for method in methods:
        response = ask(alice, method, path)
        assert response.status_code not in TURNED_AWAY, f"{method} {path}: {response.status_code}"
        assert response.status_code < 500


def test_strangers_are_sent_to_sign_in(scene: Scene) -> None:
    stranger = Client()
    before = take_snapshot(tables=TRACES)
    for name in MATRIX:
        if not isinstance(MATRIX[name], Public):
            path = path_of(name, scene)
            for method in ("GET", "POST"):
                response = ask(stranger, method, path)
                assert response.status_code == 302, f"{method} {path}: {response.status_code}"
                assert response.headers["Location"].startswith(reverse("accounts:sign_in"))
            assert stranger.get(path, headers={"accept": "application/json"}).status_code == 401, path
    assert take_snapshot(tables=TRACES) == before


def test_a_password_alone_opens_nothing_about_an_organization(scene: Scene, client_for: Callable[..., Client]) -> None:
    unverified = client_for(scene.cast.alice, verified=False)
    for name in ABOUT_ROWS:
        for method in methods_of(name):
            response = ask(unverified, method, scene.acme.path(name))
            assert response.status_code == 302, f"{method} {name}"
            assert response.headers["Location"].startswith(reverse("accounts:second_factor_enrol"))


def test_other_methods_are_refused(scene: Scene, client_for: Callable[..., Client]) -> None:
    client = client_for(scene.cast.alice)
    for name, entry in MATRIX.items():
        path = path_of(name, scene)
        refused = ["PUT", "PATCH", "DELETE", "TRACE"]
        if isinstance(entry, Administrative):
            refused += [method for method, taken in (("GET", entry.get), ("POST", entry.post)) if not taken]
        if isinstance(entry, Address):
            refused += [method for method in ("GET", "POST") if method not in methods_of(name)]
        for method in refused:
            response = client.generic(method, path, b"", content_type="application/x-www-form-urlencoded")
            assert response.status_code == 405, f"{method} {path}: {response.status_code}"


def test_get_changes_nothing(scene: Scene, client_for: Callable[..., Client]) -> None:
    client = client_for(scene.cast.alice)
    for name, entry in MATRIX.items():
        if isinstance(entry, Address | Administrative) and not entry.get:
            continue
        path = path_of(name, scene)
        before = take_snapshot(tables=frozenset({"accounts_session"}))
        response = client.get(path)
        assert response.status_code < 500, path
        assert take_snapshot(tables=frozenset({"accounts_session"})) == before, path


def test_the_outsiders_of_acme_see_nothing_of_it_in_their_lists(
    scene: Scene, client_for: Callable[..., Client]
) -> None:
    for user in scene.outsiders.values():
        client = client_for(user)
        for name in ("secrets:search", "secrets:palette"):
            answer = client.get(reverse(name), {"q": "API"}, headers={"accept": "application/json"})
            assert "API_KEY" not in answer.content.decode()
        assert "Acme" not in client.get(reverse("orgs:list")).content.decode()
