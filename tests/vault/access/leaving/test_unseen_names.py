"""What the plan of a leaving does not tell to whoever manages members and lists a part of the names, or none."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from orgs.classification import Classification
from orgs.models import CustomRole, Grant, Membership
from orgs.permissions import Permission
from orgs.roles import Role
from tests.cast import make_person
from tests.sealing import change
from tests.vault.access.leaving.scenes import Leaving
from vault.access.services import name_for_break_glass

pytestmark = pytest.mark.django_db

ClientFor = Callable[..., Client]


@pytest.fixture
def manager(leaving: Leaving) -> User:
    """Erin manages members, and lists nothing of the hidden project."""
    erin = make_person("Erin")
    Membership.objects.create(organization=leaving.cast.acme, user=erin, role=Role.MEMBER)
    grant(leaving, erin, "People", Permission.MEMBER_MANAGE, highest=Classification.CRITICAL)
    return erin


def grant(leaving: Leaving, person: User, name: str, *permissions: Permission, **values: object) -> Grant:
    role = CustomRole.objects.create(
        organization=leaving.cast.acme, name=name, name_key=name.lower(), permissions=sorted(permissions)
    )
    return Grant.objects.create(
        organization=leaving.cast.acme,
        subject_kind="member",
        membership=leaving.member(person),
        custom_role=role,
        **values,
    )


def plan(leaving: Leaving, client_for: ClientFor, viewer: User) -> str:
    address = reverse("access:leave_plan", args=[leaving.cast.acme.uid, leaving.member(leaving.cast.bob).pk])
    answer = client_for(viewer).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_names_above_the_class_of_the_viewers_grant_are_not_told(
    leaving: Leaving, manager: User, client_for: ClientFor
) -> None:
    leaving.add("LOWLY", Classification.INTERNAL)
    leaving.add("LOFTY", Classification.SENSITIVE)
    grant(
        leaving,
        manager,
        "Lister",
        Permission.SECRET_LIST,
        project=leaving.hidden,
        environment=leaving.production,
        highest=Classification.INTERNAL,
    )
    given = leaving.grant_to(leaving.member(leaving.cast.vera), path="LOFTY", role=Role.VIEWER)
    change([given], granted_by=leaving.cast.bob)
    page = plan(leaving, client_for, manager)
    assert "Hidden / Production" in page
    assert "1 more" in page
    assert "<code>LOWLY</code>" in page
    assert "LOFTY" not in page
    assert "LOFTY" in plan(leaving, client_for, leaving.cast.adam)


def test_a_project_of_which_the_viewer_lists_nothing_is_not_named(
    leaving: Leaving, manager: User, client_for: ClientFor
) -> None:
    cast = leaving.cast
    leaving.add("ALONE_WITH_IT")
    name_for_break_glass(
        actor=cast.alice, organization=cast.acme, membership=leaving.member(cast.bob).pk, project=leaving.hidden.pk
    )
    leaving.ask()
    page = plan(leaving, client_for, manager)
    assert page.count("somewhere that you cannot see") == 3
    assert "Hidden" not in page
    assert "ALONE_WITH_IT" not in page
    assert plan(leaving, client_for, cast.adam).count("Hidden") >= 3
