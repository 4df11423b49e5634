"""A tally tells what no row can: that something is there, or missing, together with its seal."""

import pytest

from orgs.models import Grant, Membership
from orgs.roles import Role
from tests.cast import Cast
from vault.seals import seen, tally
from vault.seals.models import Seal, Tally
from vault.seals.tally import KIND

pytestmark = pytest.mark.django_db


def of(cast: Cast) -> Tally:
    return Tally.objects.get(scope=str(cast.acme.uid))


def agrees(cast: Cast) -> bool:
    return tally.agrees(of(cast), tally.elements(cast.acme.uid))


def a_change(cast: Cast, role: Role = Role.VIEWER) -> None:
    membership = Membership.objects.get(organization=cast.acme, user=cast.bob)
    membership.role = role
    membership.save()


def test_it_fits_through_changes(cast: Cast) -> None:
    for number in range(12):
        a_change(cast, Role.ADMIN if number % 2 else Role.VIEWER)
        grant = Grant.objects.create(organization=cast.acme, subject_kind=Grant.SubjectKind.EVERYONE, role=Role.VIEWER)
        if number % 3:
            grant.delete()
    assert agrees(cast)
    assert of(cast).rows == Seal.objects.filter(organization_id=cast.acme.uid).count()


def test_it_shows_nothing_of_its_elements(cast: Cast) -> None:
    before = bytes(of(cast).sum)
    a_change(cast)
    a_change(cast, Role.MEMBER)
    tally.change(cast.acme.uid)
    sums = {before, bytes(of(cast).sum)}
    tally.change(cast.acme.uid)
    assert len(sums | {bytes(of(cast).sum)}) == 3  # the same seals, another nonce, another sum


@pytest.mark.parametrize("column", ["rows", "sum", "nonce", "version", "mac"])
def test_it_is_altered_by_whatever_is_altered(cast: Cast, column: str) -> None:
    found = of(cast)
    other = {"rows": found.rows + 1, "version": found.version + 1}.get(column)
    value = bytes(reversed(bytes(getattr(found, column)))) if other is None else other
    Tally.objects.filter(pk=found.pk).update(**{column: value})
    assert tally.fault_of(of(cast)) == "altered"


def test_it_stays_wrong_however_often_it_is_changed(cast: Cast) -> None:
    Seal.objects.filter(organization_id=cast.acme.uid).first().delete()  # type: ignore[union-attr]  # there is one
    for _ in range(3):
        tally.change(cast.acme.uid)
        assert tally.fault_of(of(cast)) is None
        assert not agrees(cast)


@pytest.mark.parametrize("column", ["rows", "mac"])
def test_it_stays_wrong_when_an_altered_one_is_changed(cast: Cast, column: str) -> None:
    found = of(cast)
    Tally.objects.filter(pk=found.pk).update(**{column: {"rows": found.rows + 1, "mac": bytes(48)}[column]})
    tally.change(cast.acme.uid)
    assert not agrees(cast)


def test_it_is_right_again_once_it_is_accepted(cast: Cast) -> None:
    Tally.objects.filter(scope=str(cast.acme.uid)).delete()
    tally.change(cast.acme.uid)
    assert not agrees(cast)
    tally.accept(cast.acme.uid)
    assert agrees(cast)


def test_it_is_older_than_one_that_was_seen(cast: Cast) -> None:
    seen._note([(KIND, str(cast.acme.uid), of(cast).version + 1)])
    assert tally.fault_of(of(cast)) == "older than seen"
