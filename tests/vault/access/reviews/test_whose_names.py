"""A review names all that it is about: to begin, to see and to decide in it takes to know those names."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs.classification import Classification
from orgs.models import Grant, Membership, Project
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.services import create_project, restrict_project
from tests.cast import make_person
from tests.sealing import change
from tests.vault.access.reviews.conftest import Reviewed
from vault.access.errors import InvalidReview
from vault.access.selectors.reviews import able_reviewers, campaign_for, reviewer_of, seen_campaigns

pytestmark = pytest.mark.django_db

ClientFor = Callable[..., Client]


@pytest.fixture
def payroll(reviewed: Reviewed) -> Project:
    """A project that only owners and admins see."""
    cast = reviewed.cast
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Payroll")
    restrict_project(actor=cast.alice, project=project)
    return project


@pytest.fixture
def erin(reviewed: Reviewed, payroll: Project) -> User:
    """She manages members in the whole organization, and lists Website, as every member does."""
    erin = make_person("Erin")
    Membership.objects.create(organization=reviewed.cast.acme, user=erin, role=Role.MEMBER)
    give(reviewed, erin, "People", Permission.MEMBER_MANAGE)
    return erin


def give(reviewed: Reviewed, person: User, name: str, *permissions: Permission, **values: object) -> Grant:
    where = {"project": None, "highest": Classification.CRITICAL, **values}
    return reviewed.scene.grant(person, reviewed.scene.role(name, *permissions), **where)


def test_managing_members_tells_no_name(
    reviewed: Reviewed, payroll: Project, erin: User, client_for: ClientFor
) -> None:
    of_all, of_payroll = reviewed.begin(name="Of all"), reviewed.begin(name="Of payroll", project=payroll.pk)
    of_website = reviewed.begin(name="Of Website", project=reviewed.scene.project.pk)
    organization, client = reviewed.cast.acme.uid, client_for(erin)
    listed = client.get(reverse("access:reviews", args=[organization])).content.decode()
    assert of_website.name in listed
    assert of_all.name not in listed
    assert "Payroll" not in listed
    statuses = [
        client.get(reverse("access:review", args=[organization, each.pk])).status_code
        for each in (of_all, of_payroll, of_website)
    ]
    assert statuses == [403, 403, 200]
    form = client.get(reverse("access:review_new", args=[organization])).content.decode()
    assert "Website" in form
    assert "Payroll" not in form
    assert "All of Acme" not in form


def test_without_any_names_it_is_said_what_to_do(reviewed: Reviewed, erin: User, client_for: ClientFor) -> None:
    restrict_project(actor=reviewed.cast.alice, project=reviewed.scene.project)
    client, organization = client_for(erin), reviewed.cast.acme.uid
    assert (
        "you have to see every name in it"
        in client.get(reverse("access:reviews", args=[organization])).content.decode()
    )
    assert client.get(reverse("access:review_new", args=[organization])).status_code == 403


def test_a_review_is_begun_by_whoever_knows_the_names(reviewed: Reviewed, payroll: Project, erin: User) -> None:
    for project in (None, payroll.pk):
        with pytest.raises(AccessDenied):
            reviewed.begin(actor=erin, project=project)
    reviewed.begin(actor=erin, project=reviewed.scene.project.pk)
    give(reviewed, erin, "Lister", Permission.SECRET_LIST, project=payroll)
    reviewed.begin(actor=erin, project=payroll.pk)
    with pytest.raises(AccessDenied):
        reviewed.begin(actor=erin)


def test_a_part_of_the_names_is_not_enough(reviewed: Reviewed, payroll: Project, erin: User) -> None:
    low = give(reviewed, erin, "Lister", Permission.SECRET_LIST, project=payroll, highest=Classification.INTERNAL)
    give(reviewed, erin, "Listing", Permission.SECRET_LIST, project=payroll, environment=payroll.environments.first())
    assert low.highest == Classification.INTERNAL
    with pytest.raises(AccessDenied):
        reviewed.begin(actor=erin, project=payroll.pk)


def test_the_log_has_all_names(reviewed: Reviewed, payroll: Project, erin: User) -> None:
    give(reviewed, erin, "Auditor", Permission.AUDIT_VIEW)
    of_all = reviewed.begin(actor=erin)
    of_payroll = reviewed.begin(actor=erin, project=payroll.pk)
    assert {*seen_campaigns(erin, reviewed.cast.acme)} == {of_all, of_payroll}


def test_a_reviewer_knows_the_names_as_long_as_he_decides(reviewed: Reviewed, payroll: Project, erin: User) -> None:
    give(reviewed, erin, "Granter", Permission.GRANT_MANAGE)
    people = [reviewed.cast.alice, erin]
    with pytest.raises(InvalidReview, match="see names"):
        reviewed.begin(*people)
    lister = give(reviewed, erin, "Lister", Permission.SECRET_LIST)
    campaign = reviewed.begin(*people)
    assert reviewer_of(erin, campaign) is not None
    reviewed.decide(erin, reviewed.line(campaign, reviewed.bobs))
    lister.revoked_at = lister.granted_at
    lister.save(update_fields=["revoked_at"])
    assert reviewer_of(erin, campaign) is None
    assert erin not in [each.user for each in able_reviewers(reviewed.cast.acme.uid, campaign.about)]
    with pytest.raises(AccessDenied):
        campaign_for(erin, reviewed.cast.acme, campaign.pk)
    with pytest.raises(AccessDenied, match="secret:list"):
        reviewed.decide(erin, reviewed.line(campaign, reviewed.carols))


def test_whoever_knows_every_name_and_manages_no_grants_reviews_nothing(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    names = scene.role("Names", Permission.SECRET_LIST)
    scene.grant(scene.carol, names, project=None, highest=Classification.CRITICAL)
    with pytest.raises(InvalidReview):
        reviewed.begin(reviewed.cast.alice, scene.carol)
    managing = scene.role("Managing", Permission.SECRET_LIST, Permission.GRANT_MANAGE)
    given = scene.grant(scene.carol, managing, project=None, highest=Classification.CRITICAL)
    campaign = reviewed.begin(reviewed.cast.alice, scene.carol)
    line = reviewed.line(campaign, reviewed.bobs)
    change(Grant.objects.filter(pk=given.pk), revoked_at=timezone.now())
    with pytest.raises(AccessDenied):
        reviewed.decide(scene.carol, line)


def test_a_reviewer_of_one_review_decides_nothing_of_another(reviewed: Reviewed) -> None:
    cast = reviewed.cast
    reviewed.begin(cast.alice, cast.adam, name="First")
    second = reviewed.begin(cast.alice, reviewed.scene.olga, name="Second")
    line = reviewed.line(second, reviewed.bobs)
    with pytest.raises(AccessDenied):
        reviewed.decide(cast.adam, line)
