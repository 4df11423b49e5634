"""Approving: what the grant is, for how long, and all that is judged again at the last approval."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audit.models import Event
from orgs.classification import Classification
from orgs.models import ClassPolicy, CustomRole, Grant, Membership
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.services import delete_project, remove_member
from tests.sealing import change, tamper, unguarded
from tests.vault.access.requests.conftest import HOUR, Scene
from vault.access.context import Waiting
from vault.access.errors import AlreadyApproved, InvalidRequest, RequestClosed
from vault.access.models import AccessRequest, RequestApproval, RequestedRole
from vault.access.services import approve_request, deny_request, expire_requests
from vault.secrets.services import purge_secret, trash_secret

pytestmark = pytest.mark.django_db


def test_an_approval_is_a_grant_until_its_end_to_the_second(scene: Scene) -> None:
    request = scene.ask(minutes=4 * HOUR, path="db")
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        now = timezone.now()
        approved = approve_request(actor=scene.cast.alice, request=request, minutes=HOUR)
    grant = Grant.objects.get(origin="requested")
    assert approved.grant == grant
    assert (grant.subject_kind, grant.membership) == ("member", scene.member(scene.cast.bob))
    assert (grant.environment, grant.path, grant.highest) == (scene.production, "db", Classification.INTERNAL)
    assert (grant.approvals, grant.granted_by) == (1, scene.cast.alice)
    assert (grant.starts_at, grant.ends_at) == (now, now + timedelta(hours=1))
    with time_machine.travel(now + timedelta(minutes=59, seconds=59), tick=False):
        assert scene.may_reveal(scene.cast.bob)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        assert not scene.may_reveal(scene.cast.bob)


def test_the_log_names_request_grant_and_approvals(scene: Scene) -> None:
    approved = approve_request(actor=scene.cast.alice, request=scene.ask())
    events = {event.action: event for event in Event.objects.order_by("-id")[:3]}
    assert events.keys() == {"role.created", "grant.given", "request.approved"}
    details = events["request.approved"].details
    assert details["request"] == str(approved.pk)
    assert details["grant"] == str(approved.grant_id)
    assert (details["approvals"], details["needed"]) == (1, 1)
    assert "canary" not in str([event.details for event in events.values()])


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        (RequestedRole.REVEAL, {"secret:list", "secret:reveal"}),
        (RequestedRole.VIEWER, {"org:view", "secret:list"}),
        (RequestedRole.MEMBER, {"org:view", "secret:list", "secret:reveal", "secret:write", "secret:delete"}),
    ],
)
def test_the_role_is_the_one_that_was_asked_for(scene: Scene, role: RequestedRole, permissions: set[str]) -> None:
    asked = scene.ask(role=role, environment=scene.staging.uid) if role != RequestedRole.VIEWER else _widened(scene)
    grant = approve_request(actor=scene.cast.alice, request=asked).grant
    assert grant is not None
    held = set(grant.custom_role.permissions) if grant.custom_role else {*map(str, _built_in(Role(grant.role)))}
    assert held == permissions


def _widened(scene: Scene) -> AccessRequest:
    change(Grant.objects.filter(subject_kind="everyone"), revoked_at=timezone.now())
    scene.grant(scene.cast.bob, scene.role("Lister", Permission.SECRET_LIST), environment=scene.staging, path="x")
    return scene.ask(role=RequestedRole.VIEWER, environment=scene.staging.uid)


def _built_in(role: Role) -> frozenset[Permission]:
    from orgs.permissions import ROLE_PERMISSIONS

    return ROLE_PERMISSIONS[role]


def test_reading_needs_one_role_however_often_it_is_given(scene: Scene) -> None:
    first = approve_request(actor=scene.cast.alice, request=scene.ask()).grant
    second = approve_request(actor=scene.cast.alice, request=scene.ask(scene.carol)).grant
    assert first is not None
    assert second is not None
    assert first.custom_role == second.custom_role
    # One that somebody has changed since, or forged, is another role.
    tamper(CustomRole.objects.filter(name="Reader"), name="Forged")
    third = approve_request(actor=scene.cast.alice, request=scene.ask(scene.cast.vera)).grant
    assert third is not None
    assert third.custom_role_id != first.custom_role_id
    assert scene.may_reveal(scene.cast.vera)


@pytest.mark.parametrize("minutes", [HOUR + 1, 10 * HOUR, 0, -1])
def test_nobody_approves_longer_than_was_asked_for(scene: Scene, minutes: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        approve_request(actor=scene.cast.alice, request=scene.ask(), minutes=minutes)
    assert refused.value.field == "minutes"
    assert not RequestApproval.objects.exists()


def test_nobody_approves_longer_than_the_policy_allows_by_now(scene: Scene) -> None:
    request = scene.ask(minutes=5 * 24 * HOUR)
    scene.policy(Classification.INTERNAL, longest_grant_days=1)
    with pytest.raises(InvalidRequest):
        approve_request(actor=scene.cast.alice, request=request)
    grant = approve_request(actor=scene.cast.alice, request=request, minutes=24 * HOUR).grant
    assert grant is not None


def test_it_takes_as_many_people_as_the_highest_class_asks_for(scene: Scene) -> None:
    scene.policy(Classification.SENSITIVE, approvals=2)
    scene.policy(Classification.INTERNAL, approvals=1)
    request = scene.ask(highest=Classification.CRITICAL, minutes=4 * HOUR)
    first = approve_request(actor=scene.cast.alice, request=request, minutes=2 * HOUR)
    assert first.grant is None
    assert first.status == "open"
    with pytest.raises(AlreadyApproved):
        approve_request(actor=scene.cast.alice, request=request)
    grant = approve_request(actor=scene.olga, request=request, minutes=3 * HOUR).grant
    assert grant is not None
    assert grant.approvals == 2
    assert grant.ends_at == grant.starts_at + timedelta(hours=2)
    change([scene.production], classification=Classification.SENSITIVE)
    scene.secret.refresh_from_db()
    assert scene.may_reveal(scene.cast.bob)


def test_the_first_approval_counts_no_more_when_its_author_may_not_approve_now(scene: Scene) -> None:
    scene.policy(Classification.INTERNAL, approvals=2)
    request = scene.ask()
    approve_request(actor=scene.olga, request=request)
    change(Membership.objects.filter(user=scene.olga), role=Role.MEMBER)
    assert approve_request(actor=scene.cast.alice, request=request).grant is None
    grant = approve_request(actor=scene.cast.adam, request=request).grant
    assert grant is not None
    assert grant.approvals == 2


def test_a_removed_approver_counts_no_more_and_cannot_approve(scene: Scene) -> None:
    scene.policy(Classification.INTERNAL, approvals=2)
    request = scene.ask()
    approve_request(actor=scene.olga, request=request)
    remove_member(actor=scene.cast.alice, membership=scene.member(scene.olga))
    assert approve_request(actor=scene.cast.alice, request=request).grant is None
    with pytest.raises(AccessDenied) as denied:
        approve_request(actor=scene.olga, request=request)
    assert not denied.value.visible


def test_an_approver_who_left_and_came_back_has_to_approve_anew(scene: Scene) -> None:
    scene.policy(Classification.INTERNAL, approvals=2)
    request = scene.ask()
    approve_request(actor=scene.olga, request=request, minutes=HOUR // 2)
    assert not Waiting(scene.olga, scene.cast.acme).requests
    scene.comes_back(scene.olga)
    assert Waiting(scene.olga, scene.cast.acme).requests == 1
    assert approve_request(actor=scene.cast.alice, request=request).grant is None
    grant = approve_request(actor=scene.olga, request=request, minutes=HOUR).grant
    assert grant is not None
    assert (grant.approvals, grant.ends_at) == (2, grant.starts_at + timedelta(hours=1))
    assert RequestApproval.objects.filter(request=request).count() == 2


def test_a_forged_approval_counts_for_nothing(scene: Scene) -> None:
    scene.policy(Classification.INTERNAL, approvals=2)
    request = scene.ask()
    unguarded(RequestApproval.objects.all()).bulk_create(
        [
            RequestApproval(
                organization=scene.cast.acme, request=request, membership=scene.member(scene.olga), minutes=HOUR
            )
        ]
    )
    assert approve_request(actor=scene.cast.alice, request=request).grant is None


def test_sql_cannot_approve(scene: Scene) -> None:
    """A request that was altered is gone, whatever was altered."""
    for values in ({"minutes": 9999}, {"path": ""}, {"highest": 3}, {"status": "open"}, {"reason": "please"}):
        request = scene.ask(path="db", minutes=HOUR)
        if "status" in values:
            deny_request(actor=scene.cast.alice, request=request, reason="No")
        tamper(AccessRequest.objects.filter(pk=request.pk), **values)
        with pytest.raises(RequestClosed):
            approve_request(actor=scene.cast.alice, request=request)
        unguarded(AccessRequest.objects.filter(pk=request.pk)).delete()
    assert not Grant.objects.filter(origin="requested").exists()


def test_a_removed_requester_gets_nothing(scene: Scene) -> None:
    request = scene.ask()
    remove_member(actor=scene.cast.alice, membership=scene.member(scene.cast.bob))
    with pytest.raises(RequestClosed, match="no longer a member"):
        approve_request(actor=scene.cast.alice, request=request)
    # Nor after coming back: what was asked for then was asked for by somebody who has left.
    change([scene.member(scene.cast.bob)], status="active", joined_at=timezone.now())
    with pytest.raises(RequestClosed, match="anew"):
        approve_request(actor=scene.cast.alice, request=request)


def test_a_deactivated_requester_gets_nothing(scene: Scene) -> None:
    request = scene.ask()
    change([scene.cast.bob], is_active=False)
    with pytest.raises(RequestClosed):
        approve_request(actor=scene.cast.alice, request=request)


def test_a_place_that_is_gone_is_not_given(scene: Scene) -> None:
    whole, path = scene.ask(), scene.ask(path="db/url")
    secret = trash_secret(actor=scene.cast.alice, secret=scene.secret)
    with pytest.raises(RequestClosed, match="no longer there"):
        approve_request(actor=scene.cast.alice, request=path)
    purge_secret(actor=scene.cast.alice, secret=secret, confirmation="db/url")
    delete_project(actor=scene.cast.alice, project=scene.project)
    with pytest.raises(RequestClosed, match="no longer there"):
        approve_request(actor=scene.cast.alice, request=whole)
    assert deny_request(actor=scene.cast.alice, request=whole, reason="It is gone").status == "denied"


def test_a_role_that_has_grown_since_is_not_given(scene: Scene) -> None:
    role = scene.role("Ops", Permission.SECRET_LIST, Permission.SECRET_REVEAL)
    request = scene.ask(role=RequestedRole.CUSTOM, custom_role=role.uid)
    change([role], permissions=["grant:manage", "secret:list", "secret:reveal"])
    with pytest.raises(RequestClosed, match="holds more"):
        approve_request(actor=scene.cast.alice, request=request)
    change([role], permissions=["secret:list"])
    assert approve_request(actor=scene.cast.alice, request=request).grant is not None


def test_nothing_is_approved_after_a_denial_or_at_the_end_of_its_time(scene: Scene) -> None:
    denied, late = scene.ask(), scene.ask(path="db")
    deny_request(actor=scene.cast.adam, request=denied, reason="Not now")
    with pytest.raises(RequestClosed, match="denied"):
        approve_request(actor=scene.cast.alice, request=denied)
    with time_machine.travel(late.expires_at, tick=False), pytest.raises(RequestClosed, match="expired"):
        approve_request(actor=scene.cast.alice, request=late)
    with time_machine.travel(late.expires_at - timedelta(seconds=1), tick=False):
        approved = approve_request(actor=scene.cast.alice, request=late)
    with pytest.raises(RequestClosed, match="approved"):
        approve_request(actor=scene.olga, request=approved)
    assert Grant.objects.filter(origin="requested").count() == 1


def test_housekeeping_marks_what_has_expired_and_what_nobody_waits_for(scene: Scene) -> None:
    old, young = scene.ask(), scene.ask(scene.carol)
    orphan = scene.ask(scene.cast.vera)
    remove_member(actor=scene.cast.alice, membership=scene.member(scene.cast.vera))
    assert expire_requests() == 1
    with time_machine.travel(old.expires_at, tick=False):
        change([young], expires_at=old.expires_at + timedelta(hours=1))
        assert expire_requests() == 1
        assert expire_requests() == 0
    for request, status in ((old, "expired"), (young, "open"), (orphan, "expired")):
        request.refresh_from_db()
        assert request.status == status
    assert Event.objects.filter(action="request.expired", actor_label="Housekeeping").count() == 2


def test_without_a_policy_nothing_is_approved(scene: Scene) -> None:
    request = scene.ask(highest=Classification.SENSITIVE)
    tamper(ClassPolicy.objects.filter(classification=Classification.SENSITIVE), approvals=0, reveal_seconds=99)
    with pytest.raises(InvalidRequest, match="sensitive"):
        approve_request(actor=scene.cast.alice, request=request)


def test_whoever_approves_by_a_grant_may_deny_as_well(scene: Scene) -> None:
    scene.approver(scene.carol)
    assert deny_request(actor=scene.carol, request=scene.ask(), reason="Use staging").status == "denied"


def test_denying_takes_a_reason_and_the_right_to_approve(scene: Scene) -> None:
    request = scene.ask()
    with pytest.raises(InvalidRequest) as refused:
        deny_request(actor=scene.cast.alice, request=request, reason=" ")
    assert refused.value.field == "answer"
    for person in (scene.cast.bob, scene.carol, scene.cast.vera, scene.cast.charlie):
        with pytest.raises(AccessDenied):
            deny_request(actor=person, request=request, reason="No")
    answered = deny_request(actor=scene.cast.alice, request=request, reason="Use staging")
    assert (answered.status, answered.answer, answered.closed_by) == ("denied", "Use staging", scene.cast.alice)


@pytest.mark.parametrize("field", ["minutes", "asked_at"])
def test_what_is_shown_to_approvers_is_sealed(scene: Scene, field: Any) -> None:
    assert field in AccessRequest.SEALED
