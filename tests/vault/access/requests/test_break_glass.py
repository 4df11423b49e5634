"""Break-glass: who, what, how long, how often, and the review that is owed."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from audit.models import Event
from orgs.classification import Classification
from orgs.models import Grant, Membership, Project
from orgs.permissions import AccessDenied, Permission, decide
from orgs.roles import Role
from orgs.services import create_project, delete_project, remove_member
from tests.sealing import change, tamper, unguarded
from tests.vault.access.requests.conftest import Scene
from vault.access.errors import GlassHeld, InvalidNaming, InvalidRequest, ReviewClosed
from vault.access.models import BreakGlassPerson, BreakGlassUse
from vault.access.selectors.break_glass import owed_in, reviewers_of
from vault.access.services import (
    approve_request,
    break_glass,
    end_break_glass,
    name_for_break_glass,
    remind_of_reviews,
    retire_names,
    review_break_glass,
    unname_for_break_glass,
)
from vault.seals import reporting
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db

HOURS = timedelta(hours=1)
Verdict = BreakGlassUse.Verdict


def name(scene: Scene, person: object = None, project: Project | None = None) -> BreakGlassPerson:
    return name_for_break_glass(
        actor=scene.cast.alice,
        organization=scene.cast.acme,
        membership=scene.member(person or scene.cast.bob).pk,  # type: ignore[arg-type]  # people of the tests
        project=project.pk if project else None,
    )


def use(scene: Scene, person: BreakGlassPerson | None = None, **options: bool) -> BreakGlassUse:
    person = person or name(scene)
    return break_glass(actor=person.membership.user, person=person, reason="The shop burns", **options)


def test_it_reads_everything_at_once_for_an_hour_and_nothing_else(scene: Scene) -> None:
    for classification in Classification:
        scene.policy(classification, approvals=3)
    change(Secret.objects.filter(pk=scene.secret.pk), classification=Classification.CRITICAL)
    scene.secret.refresh_from_db()
    assert not scene.may_reveal(scene.cast.bob)
    with time_machine.travel(timezone.now(), tick=False):
        made = use(scene)
        now = timezone.now()
        assert scene.may_reveal(scene.cast.bob)
        for permission in set(Permission) - {"secret:list", "secret:reveal", "org:view"}:
            assert not decide(scene.cast.bob, permission, scene.secret).allowed
    grant = made.grant
    assert grant is not None
    assert (grant.origin, grant.ends_at) == ("break_glass", now + HOURS)
    with time_machine.travel(now + HOURS, tick=False):
        assert not scene.may_reveal(scene.cast.bob)


def test_it_is_as_loud_as_the_log_can_be(scene: Scene) -> None:
    made = use(scene)
    event = Event.objects.get(action="break_glass.used")
    assert event.risk == "critical"
    assert event.actor_label == "Bob" or "bob" in event.actor_label.lower()
    assert event.details["justification"] == "The shop burns"
    assert event.details["grant"] == str(made.grant_id)
    assert event.organization_id == scene.cast.acme.uid


def test_it_holds_in_the_project_alone_if_that_was_named(scene: Scene) -> None:
    other = create_project(
        actor=scene.cast.alice, organization=scene.cast.acme, kind=Project.Kind.APPLICATION, name="Other"
    )
    use(scene, name(scene, project=other))
    assert not scene.may_reveal(scene.cast.bob)


def test_it_takes_a_name_that_holds(scene: Scene) -> None:
    person = name(scene)
    for somebody in (scene.carol, scene.cast.alice, scene.cast.charlie):
        with pytest.raises(AccessDenied):
            break_glass(actor=somebody, person=person, reason="Me too")
    unname_for_break_glass(actor=scene.olga, person=person)
    with pytest.raises(AccessDenied):
        use(scene, person)
    assert not Grant.objects.filter(origin="break_glass").exists()


@pytest.mark.parametrize("way", ["insert", "revive", "move"])
def test_sql_names_nobody(scene: Scene, way: str) -> None:
    person = name(scene, scene.carol)
    if way == "insert":
        person = BreakGlassPerson(organization=scene.cast.acme, membership=scene.member(scene.cast.bob))
        unguarded(BreakGlassPerson.objects.all()).bulk_create([person])
    elif way == "revive":
        unname_for_break_glass(actor=scene.cast.alice, person=person)
        tamper(BreakGlassPerson.objects.filter(pk=person.pk), ended_at=None)
    else:
        tamper(BreakGlassPerson.objects.filter(pk=person.pk), membership=scene.member(scene.cast.bob))
    for somebody in (scene.cast.bob, scene.carol):
        with pytest.raises(AccessDenied):
            break_glass(actor=somebody, person=person, reason="Mine")


def test_whoever_left_was_not_named_anew_by_coming_back(scene: Scene) -> None:
    person = name(scene)
    remove_member(actor=scene.cast.alice, membership=scene.member(scene.cast.bob))
    with pytest.raises(AccessDenied) as denied:
        use(scene, person)
    assert not denied.value.visible
    change([scene.member(scene.cast.bob)], status="active", joined_at=timezone.now())
    with pytest.raises(AccessDenied):
        use(scene, person)
    assert use(scene, name(scene)).grant is not None


def test_housekeeping_takes_those_who_left_off_the_list(scene: Scene) -> None:
    person, stays = name(scene), name(scene, scene.carol)
    assert retire_names() == 0
    remove_member(actor=scene.cast.alice, membership=scene.member(scene.cast.bob))
    assert retire_names() == 1
    person.refresh_from_db()
    stays.refresh_from_db()
    assert person.ended_at is not None
    assert stays.ended_at is None


def test_only_owners_name(scene: Scene) -> None:
    for person in (scene.cast.adam, scene.cast.bob, scene.cast.charlie):
        with pytest.raises(AccessDenied):
            name_for_break_glass(actor=person, organization=scene.cast.acme, membership=scene.member(scene.cast.bob).pk)
    named = name(scene)
    with pytest.raises(AccessDenied):
        unname_for_break_glass(actor=scene.cast.adam, person=named)


def test_who_and_where_must_be_in_the_organization(scene: Scene) -> None:
    foreign = Membership.objects.get(organization=scene.cast.initech)
    project = create_project(
        actor=scene.cast.charlie, organization=scene.cast.initech, kind=Project.Kind.APPLICATION, name="Foreign"
    )
    bob = scene.member(scene.cast.bob).pk
    for membership, where in ((foreign.pk, None), (uuid4(), None), (bob, project.pk), (bob, uuid4())):
        with pytest.raises(AccessDenied) as denied:
            name_for_break_glass(
                actor=scene.cast.alice, organization=scene.cast.acme, membership=membership, project=where
            )
        assert not denied.value.visible
    name(scene)
    with pytest.raises(InvalidNaming):
        name(scene)
    assert name(scene, project=scene.project).project == scene.project


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_it_takes_a_reason(scene: Scene, reason: str) -> None:
    with pytest.raises(InvalidRequest):
        break_glass(actor=scene.cast.bob, person=name(scene), reason=reason)


def test_it_cannot_be_chained(scene: Scene) -> None:
    person, start = name(scene), timezone.now()
    first = use(scene, person)
    with pytest.raises(GlassHeld, match="already"):
        use(scene, person, again=True)
    with time_machine.travel(start + 2 * HOURS, tick=False):
        with pytest.raises(GlassHeld) as held:
            use(scene, person)
        assert held.value.field == "again"
        second = use(scene, person, again=True)
        assert (first.unreviewed_before, second.unreviewed_before) == (False, True)
        assert Event.objects.get(action="break_glass.used", details__again=True).details["grant"] == str(
            second.grant_id
        )
    with time_machine.travel(start + 4 * HOURS, tick=False):
        with pytest.raises(GlassHeld, match="review"):
            use(scene, person, again=True)
        review_break_glass(actor=scene.cast.alice, use=first, verdict=Verdict.CONFIRMED, words="I saw the fire")
        assert use(scene, person, again=True).unreviewed_before


def test_a_use_that_sql_deletes_or_alters_does_not_lengthen_anything(scene: Scene) -> None:
    made = use(scene)
    tamper(BreakGlassUse.objects.filter(pk=made.pk), ends_at=timezone.now() + timedelta(days=9))
    tamper(Grant.objects.filter(origin="break_glass"), ends_at=timezone.now() + timedelta(days=9))
    assert not scene.may_reveal(scene.cast.bob)


def test_whoever_broke_the_glass_gives_the_access_back(scene: Scene) -> None:
    made = use(scene)
    with pytest.raises(AccessDenied):
        end_break_glass(actor=scene.carol, use=made)
    ended = end_break_glass(actor=scene.cast.bob, use=made)
    assert not scene.may_reveal(scene.cast.bob)
    assert not ended.is_running(timezone.now())
    assert ended.is_owed
    assert end_break_glass(actor=scene.cast.bob, use=made).ends_at == ended.ends_at


def test_somebody_else_reviews_it_once(scene: Scene) -> None:
    made = use(scene, name(scene, scene.cast.alice))
    for person in (scene.cast.alice, scene.carol, scene.cast.vera):
        with pytest.raises(AccessDenied):
            review_break_glass(actor=person, use=made, verdict=Verdict.CONFIRMED, words="Fine")
    with pytest.raises(InvalidRequest):
        review_break_glass(actor=scene.olga, use=made, verdict=Verdict.CONFIRMED, words="")
    assert [each.user for each in reviewers_of(made, timezone.now())] == [scene.cast.adam, scene.olga]
    reviewed = review_break_glass(actor=scene.olga, use=made, verdict=Verdict.CONFIRMED, words="The shop did burn")
    assert (reviewed.verdict, reviewed.reviewer) == ("confirmed", scene.member(scene.olga))
    assert not owed_in(scene.cast.acme.uid)
    for verdict in Verdict:
        with pytest.raises(ReviewClosed):
            review_break_glass(actor=scene.cast.adam, use=made, verdict=verdict, words="Wait")
    assert Event.objects.get(action="break_glass.reviewed").details["justification"] == "The shop did burn"


def test_not_one_who_used_it_with_him(scene: Scene) -> None:
    first, second = use(scene, name(scene, scene.cast.alice)), use(scene, name(scene, scene.olga))
    for person, made in ((scene.olga, first), (scene.cast.alice, second)):
        with pytest.raises(AccessDenied) as denied:
            review_break_glass(actor=person, use=made, verdict=Verdict.CONFIRMED, words="We were together")
        assert "same time" in denied.value.decision.because
    reviewed = review_break_glass(actor=scene.cast.adam, use=first, verdict=Verdict.CONFIRMED, words="So they were")
    assert not reviewed.is_owed


def test_not_one_whom_a_request_of_his_made_an_approver(scene: Scene) -> None:
    made = use(scene, name(scene, project=scene.project))
    lead = scene.role("Lead", Permission.REQUEST_APPROVE, Permission.SECRET_LIST)
    team = scene.team("Ops", scene.carol, scene.cast.bob)
    asked = scene.ask(
        environment=None,
        project=scene.project.uid,
        role="custom",
        custom_role=lead.uid,
        team=team.uid,
        highest=Classification.CRITICAL,
    )
    approve_request(actor=scene.cast.alice, request=asked)
    assert decide(scene.carol, Permission.REQUEST_APPROVE, scene.project).allowed
    with pytest.raises(AccessDenied):
        review_break_glass(actor=scene.carol, use=made, verdict=Verdict.CONFIRMED, words="Good bob")


def test_abuse_ends_the_access_and_takes_the_name_off_every_list(scene: Scene) -> None:
    person, other = name(scene), name(scene, project=scene.project)
    made = use(scene, person)
    assert scene.may_reveal(scene.cast.bob)
    review_break_glass(actor=scene.olga, use=made, verdict=Verdict.ABUSE, words="There was no fire")
    assert not scene.may_reveal(scene.cast.bob)
    for each in (person, other):
        with pytest.raises(AccessDenied):
            use(scene, each, again=True)
    event = Event.objects.get(action="break_glass.abused")
    assert (event.risk, event.details["verdict"]) == ("critical", "abuse")


def test_a_review_is_owed_even_if_the_project_is_gone(scene: Scene) -> None:
    other = create_project(
        actor=scene.cast.alice, organization=scene.cast.acme, kind=Project.Kind.APPLICATION, name="Other"
    )
    made = use(scene, name(scene, project=other))
    delete_project(actor=scene.cast.alice, project=other)
    assert [each.pk for each in owed_in(scene.cast.acme.uid)] == [made.pk]
    reviewed = review_break_glass(actor=scene.cast.adam, use=made, verdict=Verdict.CONFIRMED, words="It was there")
    assert not reviewed.is_owed


def test_sql_cannot_review(scene: Scene) -> None:
    made = use(scene)
    tamper(
        BreakGlassUse.objects.filter(pk=made.pk),
        verdict="confirmed",
        review="fine",
        reviewed_at=timezone.now(),
        reviewer=scene.member(scene.olga),
    )
    with pytest.raises(AccessDenied):
        review_break_glass(actor=scene.olga, use=made, verdict=Verdict.ABUSE, words="What is this")
    reporting.write_waiting()
    assert Event.objects.filter(action="authority.seal_broken", resource_id=made.pk.hex).exists()


def test_housekeeping_reminds_once_a_day_of_what_is_overdue(scene: Scene) -> None:
    start, made = timezone.now(), use(scene)
    for days, reminded in ((6, 0), (7, 1), (7, 0), (8, 1)):
        with time_machine.travel(start + timedelta(days=days, minutes=1), tick=False):
            assert remind_of_reviews() == reminded
    review_break_glass(actor=scene.olga, use=made, verdict=Verdict.CONFIRMED, words="At last")
    with time_machine.travel(start + timedelta(days=20), tick=False):
        assert remind_of_reviews() == 0
    assert Event.objects.filter(action="break_glass.overdue").count() == 2


def test_only_the_role_of_an_owner_names_though_an_admin_reviews(scene: Scene) -> None:
    made = use(scene)
    change(Membership.objects.filter(user=scene.cast.adam), role=Role.MEMBER)
    with pytest.raises(AccessDenied):
        review_break_glass(actor=scene.cast.adam, use=made, verdict=Verdict.CONFIRMED, words="Hm")
