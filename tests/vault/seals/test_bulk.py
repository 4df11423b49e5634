"""Bulk paths seal, or raise and name the way to do it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from orgs.models import Grant, Membership
from orgs.roles import Role
from tests.cast import Cast
from vault.seals import SealBypassed, genuine, with_seal

pytestmark = pytest.mark.django_db


def grants(cast: Cast, number: int) -> list[Grant]:
    return [
        Grant(organization=cast.acme, subject_kind=Grant.SubjectKind.EVERYONE, role=Role.VIEWER) for _ in range(number)
    ]


def test_it_seals_what_is_created_together(cast: Cast) -> None:
    Grant.objects.bulk_create(grants(cast, 5))
    assert len(genuine(with_seal(Grant.objects.all()))) == 5


def test_it_asks_as_often_for_many_as_for_few(cast: Cast, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        Grant.objects.bulk_create(grants(cast, 50))


REFUSED: dict[str, Callable[[Cast], object]] = {
    "update": lambda cast: Membership.objects.update(role="owner"),
    "update through the base manager": lambda cast: Membership._base_manager.update(status="active"),
    "update of a related set": lambda cast: cast.acme.memberships.update(role="owner"),
    "update by the column's name": lambda cast: Membership.objects.update(organization_id=cast.initech.uid),
    "bulk_update": lambda cast: Membership.objects.bulk_update(list(Membership.objects.all()), ["role"]),
    "bulk_create that ignores": lambda cast: Grant.objects.bulk_create(grants(cast, 1), ignore_conflicts=True),
    "bulk_create that updates": lambda cast: Grant.objects.bulk_create(
        grants(cast, 1), update_conflicts=True, update_fields=["role"], unique_fields=["uid"]
    ),
    "raw delete": lambda cast: Membership.objects.all()._raw_delete("default"),
}


@pytest.mark.parametrize("way", REFUSED)
def test_it_refuses(cast: Cast, way: str) -> None:
    with pytest.raises(SealBypassed, match=r"save\(\)|delete\(\)"):
        REFUSED[way](cast)


def test_it_changes_together_what_no_seal_covers(cast: Cast) -> None:
    now = timezone.now()
    assert Membership.objects.filter(organization=cast.acme).update(changed_at=now) == 4
    assert len(genuine(with_seal(Membership.objects.filter(organization=cast.acme)))) == 4


def test_it_seals_what_is_updated_or_created(cast: Cast) -> None:
    Membership.objects.update_or_create(organization=cast.acme, user=cast.bob, defaults={"role": "viewer"})
    Membership.objects.get_or_create(organization=cast.acme, user=cast.charlie, defaults={"role": "viewer"})
    assert len(genuine(with_seal(Membership.objects.filter(organization=cast.acme, role="viewer")))) == 3
