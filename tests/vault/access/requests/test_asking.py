"""Asking: who may, for what, and what nobody learns by it."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from audit.models import Event
from orgs.classification import Classification
from orgs.models import CustomRole, Membership, Project
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.services import create_project
from tests.sealing import change, tamper
from tests.vault.access.requests.conftest import HOUR, Scene
from vault.access.errors import InvalidRequest, RequestClosed
from vault.access.models import AccessRequest, RequestedRole
from vault.access.services import approve_request, ask_for_access, withdraw_request
from vault.access.services.asking import MOST_A_DAY
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

pytestmark = pytest.mark.django_db

DAY = 24 * HOUR


def test_it_stores_what_was_asked_for_and_says_so_in_the_log(scene: Scene) -> None:
    request = scene.ask(path="db/url", minutes=4 * HOUR)
    assert (request.environment, request.project, request.path) == (scene.production, scene.project, "db/url")
    assert request.scope_label == "Website / Production / db/url"
    assert request.permissions == ["secret:list", "secret:reveal"]
    assert request.is_open(timezone.now())
    assert not scene.may_reveal(scene.cast.bob)
    event = Event.objects.latest("id")
    assert (event.action, event.resource_id) == ("request.asked", str(request.pk))
    assert event.details["minutes"] == 4 * HOUR
    assert "canary" not in str(event.details)


@pytest.mark.parametrize("who", ["charlie", "sam"])
def test_nobody_from_outside_can_ask(scene: Scene, who: str) -> None:
    with pytest.raises(AccessDenied) as denied:
        ask_for_access(actor=getattr(scene.cast, who), organization=scene.cast.acme, wish=scene.wish())
    assert not denied.value.visible
    assert not AccessRequest.objects.exists()


def test_a_place_that_the_asker_may_not_know_of_is_like_a_missing_one(scene: Scene) -> None:
    hidden = create_project(
        actor=scene.cast.alice,
        organization=scene.cast.acme,
        kind=Project.Kind.APPLICATION,
        name="Payroll",
        open_as=None,
    )
    foreign = create_project(
        actor=scene.cast.charlie, organization=scene.cast.initech, kind=Project.Kind.APPLICATION, name="Foreign"
    )
    # Bob is a member there as well: what he may see there is still not in acme.
    Membership.objects.create(organization=scene.cast.initech, user=scene.cast.bob, role=Role.MEMBER)
    for project in (hidden, foreign):
        environment = project.environments.first()
        assert environment is not None
        for ids in (
            {"project": project.uid, "environment": None},
            {"environment": environment.uid},
            {"project": scene.project.uid, "environment": environment.uid},
            {"project": project.uid, "environment": scene.production.uid},
            {"project": uuid4(), "environment": None},
            {"environment": uuid4()},
        ):
            with pytest.raises(AccessDenied) as denied:
                scene.ask(**ids)
            assert not denied.value.visible
    assert not AccessRequest.objects.exists()


def test_a_path_where_the_asker_sees_nothing_says_the_same_whether_there_is_something(scene: Scene) -> None:
    create_secret(
        actor=scene.cast.alice, environment=scene.production, kind=Kind.VALUE, name="vip/key", values={"value": "v"}
    )
    # Vera's view ends above what is internal, so she does not see the name.
    change(scene.cast.acme.grants.filter(subject_kind="everyone"), highest=Classification.INTERNAL)
    change(type(scene.secret).objects.filter(name="vip/key"), classification=Classification.CRITICAL)
    said = []
    for path in ("vip", "nothing"):
        with pytest.raises(InvalidRequest) as refused:
            scene.ask(scene.cast.vera, path=path)
        assert refused.value.field == "path"
        said.append(str(refused.value).replace(path, "…"))
    assert said[0] == said[1]
    assert scene.ask(scene.cast.vera, path="db").path == "db"


def test_a_path_needs_an_environment(scene: Scene) -> None:
    with pytest.raises(InvalidRequest, match="environment"):
        scene.ask(environment=None, project=scene.project.uid, path="db")


def test_a_role_or_a_team_of_another_organization_is_missing(scene: Scene) -> None:
    foreign = CustomRole.objects.create(
        organization=scene.cast.initech, name="Spy", name_key="spy", permissions=["secret:reveal"]
    )
    for uid in (foreign.uid, uuid4(), None):
        with pytest.raises(InvalidRequest) as refused:
            scene.ask(role=RequestedRole.CUSTOM, custom_role=uid)
        assert refused.value.field == "role"
    others = scene.team("Others", scene.carol)
    for uid in (others.uid, uuid4()):
        with pytest.raises(InvalidRequest) as refused:
            scene.ask(team=uid)
        assert refused.value.field == "team"


def test_a_role_that_is_not_genuine_cannot_be_asked_for(scene: Scene) -> None:
    role = scene.role("Ops", Permission.SECRET_LIST)
    tamper(CustomRole.objects.filter(pk=role.pk), permissions=["org:delete"])
    with pytest.raises(InvalidRequest):
        scene.ask(role=RequestedRole.CUSTOM, custom_role=role.uid)


@pytest.mark.parametrize(
    ("highest", "days"),
    [(Classification.INTERNAL, 365), (Classification.SENSITIVE, 365), (Classification.CRITICAL, 30)],
)
def test_the_policy_of_the_class_bounds_the_time(scene: Scene, highest: Classification, days: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        scene.ask(minutes=days * DAY + 1, highest=highest)
    assert refused.value.field == "minutes"
    assert str(days) in str(refused.value)
    assert scene.ask(minutes=days * DAY, highest=highest).minutes == days * DAY


@pytest.mark.parametrize("minutes", [0, -5])
def test_it_lasts_a_minute_at_least(scene: Scene, minutes: int) -> None:
    with pytest.raises(InvalidRequest):
        scene.ask(minutes=minutes)


def test_a_lower_class_with_a_shorter_limit_counts_as_well(scene: Scene) -> None:
    scene.policy(Classification.INTERNAL, longest_grant_days=2)
    with pytest.raises(InvalidRequest):
        scene.ask(minutes=3 * DAY, highest=Classification.CRITICAL)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "bad\u202ereason"])
def test_it_takes_a_reason_that_can_be_read(scene: Scene, reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        scene.ask(reason=reason)
    assert refused.value.field == "reason"


def test_the_same_is_not_asked_twice(scene: Scene) -> None:
    first = scene.ask()
    with pytest.raises(InvalidRequest, match="already"):
        scene.ask(minutes=2 * HOUR)
    withdraw_request(actor=scene.cast.bob, request=first)
    assert scene.ask().is_open(timezone.now())


def test_what_is_held_already_is_not_asked_for(scene: Scene) -> None:
    with pytest.raises(InvalidRequest, match="already"):
        scene.ask(scene.cast.adam, role=RequestedRole.MEMBER)
    # What the policy wants approved is held by nobody without: an owner asks as well.
    scene.policy(Classification.INTERNAL, approvals=1)
    assert scene.ask(scene.cast.alice).is_open(timezone.now())


def test_nobody_floods_the_approvers(scene: Scene) -> None:
    for number in range(MOST_A_DAY):
        request = scene.ask(minutes=HOUR + number)
        withdraw_request(actor=scene.cast.bob, request=request)
    with pytest.raises(InvalidRequest, match="within a day"):
        scene.ask()
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert scene.ask().is_open(timezone.now())


def test_only_whoever_asked_withdraws(scene: Scene) -> None:
    request = scene.ask()
    for person in (scene.cast.alice, scene.cast.vera, scene.carol):
        with pytest.raises(AccessDenied) as denied:
            withdraw_request(actor=person, request=request)
        assert denied.value.visible
    with pytest.raises(AccessDenied) as denied:
        withdraw_request(actor=scene.cast.charlie, request=request)
    assert not denied.value.visible
    assert withdraw_request(actor=scene.cast.bob, request=request).status == "withdrawn"
    with pytest.raises(RequestClosed):
        withdraw_request(actor=scene.cast.bob, request=request)


def test_a_withdrawn_request_cannot_be_approved(scene: Scene) -> None:
    request = scene.ask()
    withdraw_request(actor=scene.cast.bob, request=request)
    with pytest.raises(RequestClosed):
        approve_request(actor=scene.cast.alice, request=request)
    assert not scene.may_reveal(scene.cast.bob)
