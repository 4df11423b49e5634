"""Every address of the app: who gets what, and an outsider cannot tell somebody else's things from nothing."""

import re
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from orgs.services import remove_member
from tests.cast import Cast
from tests.orgs.confirming import confirmed
from tests.orgs.places import Places, make_places
from tests.snapshot import Snapshot

ClientFor = Callable[..., Client]

# name, method, what the address names, data, and the answers to owner, admin, member, viewer
ADDRESSES: list[tuple[str, str, tuple[str, ...], dict[str, str], tuple[int, int, int, int]]] = [
    ("settings", "get", ("organization",), {}, (200, 200, 200, 200)),
    ("settings", "post", ("organization",), {"name": "Acme & Co"}, (302, 302, 403, 403)),
    ("activity", "get", ("organization",), {}, (200, 200, 403, 403)),
    ("members", "get", ("organization",), {}, (200, 200, 200, 200)),
    ("member_role", "post", ("organization", "membership"), {"role": "member"}, (200, 200, 403, 403)),
    ("invite", "get", ("organization",), {}, (200, 200, 403, 403)),
    ("invite", "post", ("organization",), {"email": "zoe@example.com", "role": "viewer"}, (200, 200, 403, 403)),
    ("invitation_renew", "post", ("organization", "invitation"), {}, (200, 200, 403, 403)),
    ("invitation_revoke", "post", ("organization", "invitation"), {}, (302, 302, 403, 403)),
    ("projects", "get", ("organization",), {}, (200, 200, 200, 200)),
    ("project_create", "get", ("organization",), {}, (200, 200, 403, 403)),
    (
        "project_create",
        "post",
        ("organization",),
        {"kind": "passwords", "name": "New", "openness": "member"},
        (302, 302, 403, 403),
    ),
    ("project_settings", "get", ("project",), {}, (200, 200, 403, 403)),
    ("project_settings", "post", ("project",), {"name": "Renamed"}, (302, 302, 403, 403)),
    ("project_delete", "get", ("project",), {}, (200, 200, 403, 403)),
    ("project_delete", "post", ("project",), {}, (302, 302, 403, 403)),
    ("environment_create", "post", ("project",), {"name": "Preview"}, (302, 302, 403, 403)),
    ("environment_classify", "get", ("environment",), {}, (200, 200, 403, 403)),
    ("environment_classify", "post", ("environment",), {"classification": "3"}, (302, 302, 403, 403)),
    ("environment_rename", "get", ("environment",), {}, (200, 200, 403, 403)),
    ("environment_rename", "post", ("environment",), {"name": "Local"}, (302, 302, 403, 403)),
    ("environment_move", "post", ("environment",), {"direction": "down"}, (302, 302, 403, 403)),
    ("environment_delete", "get", ("environment",), {}, (200, 200, 403, 403)),
    ("environment_delete", "post", ("environment",), {}, (302, 302, 403, 403)),
]
IDS = [f"{method} {name}" for name, method, *_ in ADDRESSES]
address = pytest.mark.parametrize(("name", "method", "named", "data", "expected"), ADDRESSES, ids=IDS)
Answers = tuple[int, int, int, int]


_places = Snapshot(lambda cast: make_places(cast.alice, cast.acme, cast.vera))


@pytest.fixture
def places(cast: Cast) -> Places:
    return _places(cast)


def url_of(name: str, named: tuple[str, ...], places: Places) -> str:
    return reverse(f"orgs:{name}", args=[getattr(places, part).uid for part in named])


@address
@pytest.mark.parametrize("index", range(4), ids=["owner", "admin", "member", "viewer"])
def test_it_answers_each_role_as_listed(
    cast: Cast,
    client_for: ClientFor,
    places: Places,
    index: int,
    name: str,
    method: str,
    named: tuple[str, ...],
    data: dict[str, str],
    expected: Answers,
) -> None:
    person = (cast.alice, cast.adam, cast.bob, cast.vera)[index]
    response = getattr(client_for(person), method)(url_of(name, named, places), data)
    assert response.status_code == expected[index]
    denials = Event.objects.filter(action="access.denied", actor_id=str(person.uid))
    assert denials.count() == (1 if expected[index] == 403 else 0)


@address
def test_it_answers_outsiders_as_if_there_were_nothing(
    cast: Cast,
    client_for: ClientFor,
    places: Places,
    name: str,
    method: str,
    named: tuple[str, ...],
    data: dict[str, str],
    expected: Answers,
) -> None:
    for outsider in (cast.charlie, cast.sam):
        client = client_for(outsider)
        foreign = getattr(client, method)(url_of(name, named, places), data)
        missing = getattr(client, method)(reverse(f"orgs:{name}", args=[uuid.uuid4() for _ in named]), data)
        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert without_id(foreign.content) == without_id(missing.content)
        assert without_id(repr(foreign.headers).encode()) == without_id(repr(missing.headers).encode())
        assert Event.objects.filter(action="access.denied", actor_id=str(outsider.uid)).count() == 2


def test_it_changes_nothing_for_those_it_refuses(cast: Cast, client_for: ClientFor, places: Places) -> None:
    before = rows_of(places)
    charlie, sam, bob = (client_for(person) for person in (cast.charlie, cast.sam, cast.bob))
    for name, method, named, data, expected in ADDRESSES:
        url = url_of(name, named, places)
        for client in (charlie, sam, *([bob] if expected[2] == 403 else [])):
            getattr(client, method)(url, data)
        assert rows_of(places) == before, f"{method} {name}"


def test_it_sends_strangers_to_sign_in(client: Client, places: Places) -> None:
    for name, method, named, data, _ in ADDRESSES:
        response = getattr(client, method)(url_of(name, named, places), data)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")


def test_it_answers_a_client_that_wants_json_in_json(cast: Cast, client_for: ClientFor, places: Places) -> None:
    for person, status in ((cast.charlie, 404), (cast.bob, 403)):
        response = client_for(person).get(
            url_of("activity", ("organization",), places), headers={"accept": "application/json"}
        )
        assert response.status_code == status
        assert response["Content-Type"] == "application/json"


def test_it_takes_no_foreign_part_with_an_own_organization(cast: Cast, client_for: ClientFor, places: Places) -> None:
    """Charlie owns initech, and names acme's member or invitation below it."""
    before = rows_of(places)
    client = client_for(cast.charlie)
    for name, method, named, data, _ in ADDRESSES:
        if len(named) == 2:
            url = reverse(f"orgs:{name}", args=[cast.initech.uid, getattr(places, named[1]).uid])
            assert getattr(client, method)(url, data).status_code == 404
    assert rows_of(places) == before


def test_it_ends_access_at_the_next_request_after_removal(cast: Cast, client_for: ClientFor, places: Places) -> None:
    vera, url = client_for(cast.vera), reverse("orgs:projects", args=[cast.acme.uid])
    assert vera.get(url).status_code == 200
    remove_member(actor=cast.alice, membership=places.membership)
    assert vera.get(url).status_code == 404


def test_it_gives_a_new_role_at_the_next_request(cast: Cast, client_for: ClientFor, places: Places) -> None:
    vera, url = client_for(cast.vera), reverse("orgs:activity", args=[cast.acme.uid])
    assert vera.get(url).status_code == 403
    role = url_of("member_role", ("organization", "membership"), places)
    confirmed(client_for(cast.alice), role, {"role": "admin"})
    assert vera.get(url).status_code == 200
    confirmed(client_for(cast.alice), role, {"role": "member"})
    assert vera.get(url).status_code == 403


def without_id(content: bytes) -> bytes:
    """The page without its correlation id, which every response has for itself."""
    return re.sub(rb"\b[0-9a-f]{16}\b", b"", content)


def rows_of(places: Places) -> list[object]:
    """Everything that could have changed."""
    from orgs.models import Environment, Invitation, Membership, Organization, Project

    return [
        list(model.objects.order_by("pk").values())
        for model in (Organization, Membership, Invitation, Project, Environment)
    ]
