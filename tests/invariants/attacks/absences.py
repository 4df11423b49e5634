"""Gaining access by taking away, or by changing, what only forbids: who asked, who is in a team, what is owed, since
when somebody is a member, how long a grant may hold."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from orgs.classification import Classification
from orgs.errors import OrganizationError
from orgs.models import ClassPolicy, TeamMembership
from orgs.permissions import AccessDenied, Permission
from orgs.places import Scope
from orgs.roles import Role
from orgs.services import give_grant
from orgs.services.grants import Terms
from tests.cast import Cast
from tests.invariants import attacker as sql
from tests.invariants.attacks.stage import MEMBERSHIP, SEAL, USER, attack, seal_of
from tests.sealing import change
from tests.vault.access.requests.conftest import Scene, make_scene
from vault.access.errors import AccessError
from vault.access.models import AccessRequest, BreakGlassUse, RequestApproval
from vault.access.services import approve_request, break_glass, name_for_break_glass
from vault.seals import SealBroken, reporting

REQUEST, USE, PLACE = "access_accessrequest", "access_breakglassuse", "orgs_teammembership"


def approves(person: object, request: AccessRequest) -> bool:
    """Whether that approval makes the grant."""
    try:
        return approve_request(actor=person, request=request).grant_id is not None  # type: ignore[arg-type]  # a person
    except (AccessDenied, AccessError, SealBroken):
        return False


def asked_through_an_approver_of_ones_own(scene: Scene) -> tuple[AccessRequest, AccessRequest]:
    """Bob asked for the right to approve on behalf of a team of carol's; carol has it, and bob asks for himself."""
    role = scene.role("Approver", Permission.REQUEST_APPROVE)
    team = scene.team("Crew", scene.cast.bob)
    earlier = scene.ask(scene.cast.bob, role="custom", custom_role=role.uid, team=team.uid)
    approve_request(actor=scene.cast.alice, request=earlier)
    TeamMembership.objects.get(team=team).delete()
    TeamMembership.objects.create(organization=scene.cast.acme, team=team, membership=scene.member(scene.carol))
    request = scene.ask(scene.cast.bob)
    assert not approves(scene.carol, request)
    return earlier, request


@attack("delete the request that made somebody an approver of one's own")
def delete_earlier_request(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    earlier, request = asked_through_an_approver_of_ones_own(scene)
    sql.delete("access_requestapproval", request_id=earlier.uid)
    sql.delete(REQUEST, uid=earlier.uid)
    yield approves(scene.carol, request)


@attack("delete that request with its seal")
def delete_earlier_request_and_seal(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    earlier, request = asked_through_an_approver_of_ones_own(scene)
    for approval in RequestApproval.objects.filter(request=earlier):
        sql.delete(SEAL, id=seal_of(approval)["id"])
    sql.delete("access_requestapproval", request_id=earlier.uid)
    sql.delete(SEAL, id=seal_of(earlier)["id"])
    sql.delete(REQUEST, uid=earlier.uid)
    yield approves(scene.carol, request)


@attack("say that somebody else asked for it")
def move_earlier_request(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    earlier, request = asked_through_an_approver_of_ones_own(scene)
    sql.update(REQUEST, {"uid": earlier.uid}, membership_id=scene.member(cast.vera).uid)
    yield approves(scene.carol, request)


def asked_for_a_team(scene: Scene) -> tuple[AccessRequest, TeamMembership]:
    """For a team that an approver is in."""
    scene.approver(scene.carol)
    team = scene.team("Crew", scene.cast.bob, scene.carol)
    request = scene.ask(scene.cast.bob, team=team.uid)
    assert not approves(scene.carol, request)
    return request, TeamMembership.objects.get(team=team, membership=scene.member(scene.carol))


@attack("take an approver out of the team that the access is for")
def delete_place(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    request, place = asked_for_a_team(scene)
    sql.delete(PLACE, uid=place.uid)
    yield approves(scene.carol, request)


@attack("take an approver and the seal out of the team, and put both back afterwards")
def hide_place(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    request, place = asked_for_a_team(scene)
    row, seal = sql.one(PLACE, uid=place.uid), seal_of(place)
    sql.delete(PLACE, uid=place.uid)
    sql.delete(SEAL, id=seal["id"])
    gained = approves(scene.carol, request)
    reporting.write_waiting()  # as the end of a request does
    sql.insert(PLACE, row)
    sql.insert(SEAL, seal)
    yield gained


@attack("reactivate the account of somebody who has approved")
def reactivate_approver(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    scene.policy(Classification.INTERNAL, approvals=2)
    request = scene.ask(cast.bob)
    approve_request(actor=scene.olga, request=request)
    change([scene.olga], is_active=False)
    sql.update(USER, {"uid": scene.olga.uid}, is_active=True)
    yield approves(cast.alice, request)


def broke_the_glass_twice(scene: Scene) -> tuple[object, list[BreakGlassUse]]:
    person = name_for_break_glass(
        actor=scene.cast.alice, organization=scene.cast.acme, membership=scene.member(scene.cast.bob).pk
    )
    uses = []
    for again in (False, True):
        use = break_glass(actor=scene.cast.bob, person=person, reason="The shop burns", again=again)
        change([use.grant], starts_at=use.used_at - timedelta(hours=2), ends_at=use.used_at - timedelta(hours=1))
        change([use], ends_at=use.used_at - timedelta(hours=1))
        uses.append(use)
    assert not breaks(scene, person)
    return person, uses


def breaks(scene: Scene, person: object) -> bool:
    try:
        break_glass(actor=scene.cast.bob, person=person, reason="Once more", again=True)  # type: ignore[arg-type]
    except (AccessDenied, AccessError, SealBroken):
        return False
    return True


@attack("delete a use of break-glass that waits for its review")
def delete_use(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    person, (first, _) = broke_the_glass_twice(scene)
    sql.delete(USE, uid=first.uid)
    yield breaks(scene, person)


@attack("say that somebody else broke the glass")
def move_use(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    person, (first, _) = broke_the_glass_twice(scene)
    sql.update(USE, {"uid": first.uid}, membership_id=scene.member(cast.vera).uid)
    yield breaks(scene, person)


@attack("change the reason of a use of break-glass, so that it counts for nothing")
def spoil_use(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    person, (first, _) = broke_the_glass_twice(scene)
    sql.update(USE, {"uid": first.uid}, reason="-")
    yield breaks(scene, person)


@attack("say of somebody who came back that they never left: named for break-glass")
def older_member_named(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    person = name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=scene.member(cast.bob).pk)
    change([scene.member(cast.bob)], joined_at=timezone.now() + timedelta(seconds=1))
    assert not breaks(scene, person)
    sql.update(MEMBERSHIP, {"uid": scene.member(cast.bob).uid}, joined_at=timezone.now() - timedelta(days=30))
    yield breaks(scene, person)


@attack("say of somebody who came back that they never left: an open request")
def older_member_asked(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    request = scene.ask(cast.bob)
    change([scene.member(cast.bob)], joined_at=timezone.now() + timedelta(seconds=1))
    assert not approves(cast.alice, request)
    sql.update(MEMBERSHIP, {"uid": scene.member(cast.bob).uid}, joined_at=timezone.now() - timedelta(days=30))
    yield approves(cast.alice, request)


def gives_without_end(scene: Scene) -> bool:
    """Whether a grant of every class holds for ever."""
    terms = Terms(Scope(scene.cast.acme.uid, scene.project.uid), highest=Classification.CRITICAL)
    try:
        give_grant(actor=scene.cast.alice, subject=scene.member(scene.cast.bob), role=Role.VIEWER, terms=terms)
    except OrganizationError:
        return False
    return True


@attack("lengthen what the policy of a class lets a grant hold")
def lengthen_policy(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    assert not gives_without_end(scene)
    for policy in ClassPolicy.objects.filter(organization=cast.acme, longest_grant_days__isnull=False):
        sql.update("orgs_classpolicy", {"uid": policy.uid}, longest_grant_days=3650)
    yield gives_without_end(scene)


@attack("delete the policies that say how long a grant may hold")
def delete_policies(cast: Cast) -> Iterator[bool]:
    scene = make_scene(cast)
    for policy in ClassPolicy.objects.filter(organization=cast.acme, longest_grant_days__isnull=False):
        sql.delete("orgs_classpolicy", uid=policy.uid)
    yield gives_without_end(scene)
