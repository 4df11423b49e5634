"""What the palette and the selectors find is only what the person may list, whoever else has something of that name."""

import pytest

from orgs.models import Environment, Membership
from orgs.permissions import AccessDenied, Permission
from tests.cast import Cast
from tests.sealing import change
from vault.secrets.models import Secret
from vault.secrets.selectors import first_projects, secret_for


def test_it_offers_no_project_of_another_organization(cast: Cast, passwords: Environment, foreign: Environment) -> None:
    assert [project.pk for project in first_projects(cast.bob, "passwords", 10)] == [passwords.project_id]
    assert [project.pk for project in first_projects(cast.charlie, "passwords", 10)] == [foreign.project_id]
    assert first_projects(cast.sam, "passwords", 10) == []
    change(Membership.objects.filter(user=cast.bob), status=Membership.Status.REMOVED)
    assert first_projects(cast.bob, "passwords", 10) == []


def test_it_finds_no_secret_for_a_deactivated_account(cast: Cast, secret: Secret) -> None:
    assert secret_for(cast.bob, secret.pk, Permission.SECRET_LIST) == secret
    cast.bob.is_active = False
    with pytest.raises(AccessDenied) as refused:
        secret_for(cast.bob, secret.pk, Permission.SECRET_LIST)
    assert not refused.value.visible
