"""Every address x method x principal x (own, foreign, missing, mismatched) row, generated from the resolver.

Allowed means: neither turned away nor told that there is nothing. What an allowed request then does is tested where it
is built. An outsider's answers are compared byte for byte: a foreign row must look exactly like one that is not there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs import services as orgs
from orgs.classification import Classification
from orgs.models import Membership, Organization
from orgs.roles import Role
from tests.cast import Cast, make_person
from tests.invariants import authority_services as authority
from tests.invariants.request_services import use
from tests.invariants.review_services import line_about, review
from tests.invariants.services import World
from tests.invariants.snapshot import take_snapshot
from tests.invariants.urls import MATRIX, Address, Administrative, Public, addresses
from vault.access.models import AccessRequest, RequestedRole
from vault.access.services import name_for_break_glass
from vault.custody.kinds import OperationKind, OperationState, ReportKind
from vault.custody.models import KeyOperation, KeyReport, ShredRequest

ARGUMENTS = dict(addresses())
ABOUT_ROWS = sorted(name for name, entry in MATRIX.items() if isinstance(entry, Address))
ADMINISTRATIVE = sorted(name for name, entry in MATRIX.items() if isinstance(entry, Administrative))
TURNED_AWAY = {401, 403, 404, 405}
# Where somebody who is not a member of anything may leave a trace: the log, and the session that was used.
TRACES = frozenset({"audit_event", "accounts_session"})


@dataclass
class Place:
    """The arguments of every address, for one organization."""

    organization: object
    project: object
    environment: object
    secret: object
    membership: object
    invitation: object
    team: object
    role: object
    grant: object
    machine: object
    network: object
    operation: object
    report: object
    shredding: object
    access_request: object
    named: object
    use: object
    campaign: object
    line: object

    def arguments(self, name: str) -> dict[str, Any]:
        entry = MATRIX[name]
        assert isinstance(entry, Address | Administrative)
        return {argument: entry.extra.get(argument, getattr(self, argument, None)) for argument in ARGUMENTS[name]}

    def path(self, name: str) -> str:
        return reverse(name, kwargs=self.arguments(name))


@dataclass
class Scene:
    cast: Cast
    rita: User
    """Was an owner of acme, and was removed."""
    acme: Place
    missing: Place
    instance: Place
    """Of its rows only those that addresses about the instance name."""

    def role(self, role: Role) -> User:
        cast = self.cast
        return {Role.OWNER: cast.alice, Role.ADMIN: cast.adam, Role.MEMBER: cast.bob, Role.VIEWER: cast.vera}[role]

    @property
    def outsiders(self) -> dict[str, User]:
        return {"charlie": self.cast.charlie, "rita": self.rita, "sam": self.cast.sam}


@pytest.fixture
def scene(cast: Cast) -> Scene:
    world = World(cast)
    machine = authority.machine(world)
    rita = make_person("Rita")
    membership = Membership.objects.create(organization=cast.acme, user=rita, role=Role.OWNER)
    orgs.remove_member(actor=cast.alice, membership=membership)
    asked = request_of(membership)
    campaign = review(world)
    acme = Place(
        organization=cast.acme.uid,
        project=world.project.uid,
        environment=world.environment.uid,
        secret=world.secret.uid,
        membership=world.member(cast.vera).uid,
        invitation=world.invitation.uid,
        team=authority.team(world).uid,
        role=authority.role(world).uid,
        grant=authority.grant(world).uid,
        machine=machine.uid,
        network=authority.network(world, machine).uid,  # of a machine: it shuts nobody out
        operation=operation_of(cast.acme).uid,
        report=KeyReport.objects.create(kind=ReportKind.COMPROMISE, organization_id=cast.acme.uid, text="a note").uid,
        shredding=ShredRequest.objects.create(
            organization=cast.acme, requested_by=rita, expires_at=timezone.now() + timedelta(hours=1)
        ).uid,
        access_request=asked.uid,
        named=name_for_break_glass(
            actor=cast.alice, organization=cast.acme, membership=world.member(cast.alice).pk, project=world.project.pk
        ).uid,
        use=use(world, cast.alice).uid,
        campaign=campaign.uid,
        line=line_about(campaign, world.member(cast.bob)).uid,
    )
    missing = {each.name: uuid4() for each in fields(Place)}
    instance = {
        **missing,
        "operation": operation_of(None).uid,
        "report": KeyReport.objects.create(kind=ReportKind.ROOT_COMPROMISE, text="a note").uid,
    }
    return Scene(cast, rita, acme, Place(**missing), Place(**instance))


def request_of(membership: Membership) -> AccessRequest:
    """For the whole organization, by somebody who has left."""
    return AccessRequest.objects.create(
        organization_id=membership.organization_id,
        membership=membership,
        requested=RequestedRole.VIEWER,
        role_label="Viewer",
        permissions=["org:view", "secret:list"],
        scope_label="the whole organization",
        highest=Classification.INTERNAL,
        minutes=60,
        reason="Just so",
        expires_at=timezone.now() + timedelta(days=1),
    )


def operation_of(organization: Organization | None) -> KeyOperation:
    """A verification that has come to its end."""
    return KeyOperation.objects.create(
        kind=OperationKind.VERIFY,
        scope=organization.key_scope if organization else "",
        organization_id=organization.uid if organization else None,
        state=OperationState.DONE,
        finished_at=timezone.now(),
    )


def ask(client: Client, method: str, path: str) -> HttpResponse:
    return client.get(path) if method == "GET" else client.post(path, {})  # type: ignore[return-value]


def matrix_entry(name: str) -> Address:
    entry = MATRIX[name]
    assert isinstance(entry, Address)
    return entry


def path_of(name: str, scene: Scene) -> str:
    if name in ADMINISTRATIVE:
        return scene.instance.path(name)
    return scene.acme.path(name) if name in ABOUT_ROWS else reverse(name)


def methods_of(entry: Address) -> dict[str, frozenset[Role]]:
    return {method: roles for method, roles in (("GET", entry.get), ("POST", entry.post)) if roles is not None}


def comparable(response: HttpResponse) -> tuple[int, str]:
    """What an observer can compare: status and page, without the id of this very request and its form token."""
    text = response.content.decode()
    for noise in (response.headers["X-Correlation-ID"], r'name="csrfmiddlewaretoken" value="[^"]+"'):
        text = re.sub(noise, "", text)
    return response.status_code, text


def test_every_address_is_classified() -> None:
    assert set(ARGUMENTS) == set(MATRIX)


@pytest.mark.parametrize("name", ABOUT_ROWS)
def test_members_may_what_their_role_allows_and_nothing_else(
    name: str, scene: Scene, client_for: Callable[..., Client]
) -> None:
    entry = matrix_entry(name)
    path = scene.acme.path(name)
    for method, allowed in methods_of(entry).items():
        # The denied first: what the allowed do may take away what was asked for.
        for role in sorted(Role, key=lambda role: role in allowed):
            before = take_snapshot(tables=TRACES)
            response = ask(client_for(scene.role(role)), method, path)
            if role not in allowed:
                assert response.status_code == 403, f"{role} {method} {path}: {response.status_code}"
                assert take_snapshot(tables=TRACES)["secrets_secret"] == before["secrets_secret"]
            elif role == min(allowed, key=list(Role).index) or method == "GET":
                assert response.status_code not in TURNED_AWAY, f"{role} {method} {path}: {response.status_code}"
                assert response.status_code < 500


@pytest.mark.parametrize("name", ABOUT_ROWS)
def test_outsiders_cannot_tell_a_foreign_row_from_a_missing_one(
    name: str, scene: Scene, client_for: Callable[..., Client]
) -> None:
    entry = matrix_entry(name)
    clients = {who: client_for(user) for who, user in scene.outsiders.items()}
    before = take_snapshot(tables=TRACES)
    for method in methods_of(entry):
        for who, client in clients.items():
            foreign = ask(client, method, scene.acme.path(name))
            missing = ask(client, method, scene.missing.path(name))
            assert foreign.status_code == 404, f"{who} {method} {name}: {foreign.status_code}"
            assert comparable(foreign)[0] == comparable(missing)[0]
            own = [str(value) for value in vars(scene.acme).values()]
            assert not any(uid in foreign.content.decode() for uid in own)
            assert _without_paths(comparable(foreign)[1], scene) == _without_paths(comparable(missing)[1], scene)
    assert take_snapshot(tables=TRACES) == before


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


def _without_paths(text: str, scene: Scene) -> str:
    """A page may name its own address (to come back to after a change of theme): that is the asker's own input."""
    for place in (scene.acme, scene.missing):
        for uid in vars(place).values():
            text = text.replace(str(uid), "UID")
    return text


def test_a_row_under_the_wrong_parent_is_missing(scene: Scene, client_for: Callable[..., Client]) -> None:
    """Charlie asks through his own organization for acme's rows."""
    charlie = client_for(scene.cast.charlie)
    before = take_snapshot(tables=TRACES)
    tried = 0
    for name in ABOUT_ROWS:
        arguments = scene.acme.arguments(name)
        if "organization" in arguments and arguments.keys() - {"organization", *matrix_entry(name).extra}:
            path = reverse(name, kwargs={**arguments, "organization": scene.cast.initech.uid})
            for method in methods_of(matrix_entry(name)):
                assert ask(charlie, method, path).status_code == 404, f"{method} {path}"
                tried += 1
    assert tried >= 5
    assert take_snapshot(tables=TRACES) == before


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
        for method in methods_of(matrix_entry(name)):
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
            refused += [method for method in ("GET", "POST") if method not in methods_of(entry)]
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
