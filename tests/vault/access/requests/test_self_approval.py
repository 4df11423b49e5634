"""Nobody approves for himself, in whatever form he comes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orgs.classification import Classification
from orgs.models import Grant, Membership
from orgs.permissions import AccessDenied, Permission, decide
from orgs.roles import Role
from tests.sealing import change, tamper
from tests.vault.access.requests.conftest import HOUR, Scene
from vault.access.models import RequestedRole
from vault.access.selectors.requests import approvers_of
from vault.access.services import approve_request, deny_request

pytestmark = pytest.mark.django_db


def refused(scene: Scene, person: object, request: object) -> str:
    with pytest.raises(AccessDenied) as denied:
        approve_request(actor=person, request=request)  # type: ignore[arg-type]  # people and requests of the tests
    assert not Grant.objects.filter(origin="requested", membership=scene.member(scene.cast.bob)).exists()
    return denied.value.decision.because


@pytest.mark.parametrize("who", ["alice", "adam"])
def test_not_even_an_owner_or_admin(scene: Scene, who: str) -> None:
    person = getattr(scene.cast, who)
    scene.policy(Classification.INTERNAL, approvals=1)
    request = scene.ask(person)
    assert "himself" in refused(scene, person, request)
    with pytest.raises(AccessDenied):
        deny_request(actor=person, request=request, reason="No")
    assert person.pk not in [each.user_id for each in approvers_of(request, timezone.now())]
    assert approve_request(actor=scene.olga, request=request).grant is not None


def test_not_a_second_account_in_the_team_that_it_is_for(scene: Scene) -> None:
    """Carol may approve in the project, and is in the team: what bob asks for reaches her."""
    scene.approver(scene.carol)
    team = scene.team("Ops", scene.cast.bob, scene.carol)
    request = scene.ask(team=team.uid)
    assert "through the team" in refused(scene, scene.carol, request)
    assert [each.user for each in approvers_of(request, timezone.now())] == [
        scene.cast.adam,
        scene.cast.alice,
        scene.olga,
    ]
    grant = approve_request(actor=scene.cast.alice, request=request).grant
    assert grant is not None
    assert (grant.subject_kind, grant.team, grant.membership) == ("team", team, None)
    assert scene.may_reveal(scene.carol)


def test_not_a_second_account_in_a_team_below_the_one_that_it_is_for(scene: Scene) -> None:
    scene.approver(scene.carol)
    team = scene.team("Ops", scene.cast.bob)
    scene.team("Night shift", scene.carol, parent=team)
    assert "through the team" in refused(scene, scene.carol, scene.ask(team=team.uid))


def test_not_an_owner_who_is_in_the_team(scene: Scene) -> None:
    team = scene.team("Ops", scene.cast.bob, scene.cast.alice)
    assert "through the team" in refused(scene, scene.cast.alice, scene.ask(team=team.uid))


def test_not_by_a_place_in_the_team_that_sql_has_hidden(scene: Scene) -> None:
    from orgs.models import TeamMembership

    scene.approver(scene.carol)
    team = scene.team("Ops", scene.cast.bob, scene.carol)
    tamper(TeamMembership.objects.filter(membership=scene.member(scene.carol)), added_at=timezone.now())
    assert "through the team" in refused(scene, scene.carol, scene.ask(team=team.uid))


def test_not_an_approver_whom_the_grant_itself_would_make(scene: Scene) -> None:
    """The team would get the right to approve: nobody in it has it before, nor counts as having it."""
    approving = scene.role("Lead", Permission.REQUEST_APPROVE, Permission.SECRET_LIST)
    team = scene.team("Ops", scene.cast.bob, scene.carol)
    request = scene.ask(role=RequestedRole.CUSTOM, custom_role=approving.uid, team=team.uid)
    refused(scene, scene.carol, request)
    assert approve_request(actor=scene.cast.alice, request=request).grant is not None
    assert decide(scene.carol, Permission.REQUEST_APPROVE, scene.production).allowed


def test_not_an_approver_whom_an_earlier_request_of_the_same_person_made(scene: Scene) -> None:
    """Bob had carol made an approver: she does not approve for him, and for others she does."""
    approving = scene.role("Lead", Permission.REQUEST_APPROVE, Permission.SECRET_LIST)
    team = scene.team("Ops", scene.cast.bob, scene.carol)
    first = scene.ask(
        role=RequestedRole.CUSTOM,
        custom_role=approving.uid,
        team=team.uid,
        highest=Classification.CRITICAL,
        minutes=9 * HOUR,
    )
    approve_request(actor=scene.cast.alice, request=first)
    assert "request:approve" in refused(scene, scene.carol, scene.ask())
    others = scene.ask(scene.cast.vera)
    assert approve_request(actor=scene.carol, request=others).grant is not None


def test_not_twice_under_the_same_name(scene: Scene) -> None:
    scene.policy(Classification.INTERNAL, approvals=2)
    request = scene.ask()
    approve_request(actor=scene.cast.alice, request=request)
    with pytest.raises(Exception, match="already"):
        approve_request(actor=scene.cast.alice, request=request)
    assert not Grant.objects.filter(origin="requested").exists()


def test_a_role_that_manages_takes_an_approver_who_holds_as_much(scene: Scene) -> None:
    """Who only approves lets others read; what changes and manages, only who may do so."""
    manager = scene.role("Manager", Permission.GRANT_MANAGE, Permission.SECRET_LIST)
    scene.approver(scene.carol)
    request = scene.ask(role=RequestedRole.CUSTOM, custom_role=manager.uid)
    assert "grant:manage" in refused(scene, scene.carol, request)
    assert "secret:delete" in refused(scene, scene.carol, scene.ask(role=RequestedRole.MEMBER))
    assert approve_request(actor=scene.carol, request=scene.ask()).grant is not None
    assert not decide(scene.carol, Permission.SECRET_REVEAL, scene.secret).allowed
    assert approve_request(actor=scene.cast.adam, request=request).grant is not None


def test_an_approver_reaches_no_higher_and_no_further_than_his_own_grant(scene: Scene) -> None:
    scene.approver(scene.carol, environment=scene.production, highest=Classification.SENSITIVE)
    for wish in (
        {"highest": Classification.CRITICAL},
        {"environment": None, "project": scene.project.uid},
        {"environment": scene.staging.uid},
        {"environment": None},
    ):
        assert "request:approve" in refused(scene, scene.carol, scene.ask(**wish))
    assert approve_request(actor=scene.carol, request=scene.ask(highest=Classification.SENSITIVE)).grant is not None


def test_what_is_given_does_not_outlast_the_right_of_the_one_who_gives(scene: Scene) -> None:
    until = timezone.now() + timedelta(minutes=20)
    scene.approver(scene.carol, ends_at=until)
    grant = approve_request(actor=scene.carol, request=scene.ask()).grant
    assert grant is not None
    assert grant.ends_at == until


def test_a_grant_to_approve_that_sql_made_approves_nothing(scene: Scene) -> None:
    grant = scene.approver(scene.carol, environment=scene.staging)
    tamper(Grant.objects.filter(pk=grant.pk), environment=scene.production)
    assert "request:approve" in refused(scene, scene.carol, scene.ask())
    tamper(Membership.objects.filter(user=scene.carol), role=Role.OWNER)
    refused(scene, scene.carol, scene.ask(path="db"))


def test_a_stranger_learns_nothing_by_approving(scene: Scene) -> None:
    request = scene.ask()
    for person in (scene.cast.charlie, scene.cast.sam):
        with pytest.raises(AccessDenied) as denied:
            approve_request(actor=person, request=request)
        assert not denied.value.visible


def test_a_demoted_approver_cannot_approve(scene: Scene) -> None:
    request = scene.ask()
    change(Membership.objects.filter(user=scene.olga), role=Role.MEMBER)
    assert "request:approve" in refused(scene, scene.olga, request)
