"""Whoever makes a restricted project manages it, if nothing else would let them into it again."""

from collections.abc import Iterable

import pytest

from accounts.models import User
from orgs.models import Grant, Membership, Organization, Project
from orgs.permissions import Permission, decide
from orgs.places import Scope
from orgs.roles import Role
from orgs.services import create_project, create_role, give_grant
from orgs.services.grants import Terms
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def let_make_projects(owner: User, organization: Organization, people: Iterable[User]) -> None:
    """And nothing else."""
    role = create_role(actor=owner, organization=organization, name="Founder", permissions=[Permission.PROJECT_CREATE])
    for person in people:
        subject = Membership.objects.get(organization=organization, user=person)
        give_grant(actor=owner, subject=subject, role=role, terms=Terms(Scope(organization.pk)))


def safe(actor: User, organization: Organization, name: str = "Safe") -> Project:
    return create_project(actor=actor, organization=organization, kind=Project.Kind.PASSWORDS, name=name, open_as=None)


def test_each_maker_manages_their_own_and_nobody_else_does(cast: Cast) -> None:
    """In each of two organizations to which the makers belong."""
    for person in (cast.bob, cast.vera):
        Membership.objects.create(organization=cast.initech, user=person, role=Role.VIEWER)
    for owner, organization in ((cast.alice, cast.acme), (cast.charlie, cast.initech)):
        let_make_projects(owner, organization, (cast.bob, cast.vera))
        for person, other in ((cast.bob, cast.vera), (cast.vera, cast.bob)):
            project = safe(person, organization, f"Safe of {person.name}")
            assert decide(person, Permission.PROJECT_CONFIGURE, project).allowed
            assert not decide(other, Permission.SECRET_LIST, project, partly=True).visible
            [grant] = Grant.objects.filter(project=project)
            assert grant.membership is not None
            assert (grant.membership.user, grant.organization, grant.role) == (person, organization, Role.ADMIN)


def test_whoever_manages_everything_needs_no_grant(cast: Cast) -> None:
    project = safe(cast.adam, cast.acme)
    assert decide(cast.adam, Permission.PROJECT_CONFIGURE, project).allowed
    assert not Grant.objects.filter(project=project).exists()
