"""A seal goes with its row, whichever way the row is deleted."""

import pytest

from orgs.models import Grant, Membership
from orgs.roles import Role
from tests.cast import Cast
from vault.seals import SealBypassed, tally
from vault.seals.models import Seal, Tally

pytestmark = pytest.mark.django_db


def fits(cast: Cast) -> bool:
    found = Tally.objects.get(scope=str(cast.acme.uid))
    return tally.agrees(found, tally.elements(cast.acme.uid))


def grant(cast: Cast) -> Grant:
    return Grant.objects.create(organization=cast.acme, subject_kind=Grant.SubjectKind.EVERYONE, role=Role.VIEWER)


def test_it_goes_with_a_row(cast: Cast) -> None:
    given = grant(cast)
    row = given.seal_row()
    given.delete()
    assert not Seal.objects.filter(row=row).exists()
    assert fits(cast)


def test_it_goes_with_the_rows_of_a_queryset(cast: Cast) -> None:
    rows = [grant(cast).seal_row() for _ in range(3)]
    Grant.objects.filter(organization=cast.acme).delete()
    assert not Seal.objects.filter(row__in=rows).exists()
    assert fits(cast)


def test_it_goes_with_a_cascade(cast: Cast) -> None:
    grant(cast)
    uid = cast.acme.uid
    assert Seal.objects.filter(organization_id=uid).exists()
    cast.acme.delete()
    assert not Seal.objects.filter(organization_id=uid).exists()
    assert Tally.objects.get(scope=str(uid)).rows == 0


def test_it_asks_as_often_for_many_rows_as_for_few(cast: Cast, django_assert_max_num_queries: object) -> None:
    for _ in range(30):
        grant(cast)
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # a fixture of pytest-django
        Grant.objects.filter(organization=cast.acme).delete()


def test_it_refuses_to_go_around_the_seals(cast: Cast) -> None:
    with pytest.raises(SealBypassed, match=r"delete\(\)"):
        Membership.objects.filter(organization=cast.acme)._raw_delete(using="default")
