"""Rows that are changed, read and locked at the same moment stay genuine, and nobody is told otherwise."""

import pytest
from django.db import transaction

from audit.actions import Action
from audit.actor import Actor
from audit.models import Event
from orgs.models import Grant, Membership
from orgs.roles import Role
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from vault.seals import genuine, locked_row, with_seal
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 15


def no_alert() -> bool:
    return not Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN).exists()


def test_it_stays_genuine_when_many_change_one_row(transactional_cast: Cast) -> None:
    pk = Membership.objects.get(organization=transactional_cast.acme, user=transactional_cast.bob).pk

    def change(role: Role) -> None:
        for _ in range(TIMES):
            row = Membership.objects.get(pk=pk)
            row.role = role
            row.save(update_fields=["role"])

    assert in_parallel(*(lambda r=role: change(r) for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER))) == [None] * 3
    assert not verify_authority(actor=Actor.system()).faults
    assert no_alert()


def test_it_stays_genuine_for_those_who_read_and_lock_meanwhile(transactional_cast: Cast) -> None:
    rows = Membership.objects.filter(organization=transactional_cast.acme)
    pk = rows.get(user=transactional_cast.bob).pk
    seen: list[int] = []

    def change() -> None:
        for number in range(2 * TIMES):
            with transaction.atomic():
                row = locked_row(Membership, pk)
                assert row is not None
                row.role = Role.ADMIN if number % 2 else Role.VIEWER
                row.save(update_fields=["role"])

    def read() -> None:
        seen.extend(len(genuine(with_seal(rows.all()))) for _ in range(2 * TIMES))

    def lock() -> None:
        for _ in range(2 * TIMES):
            with transaction.atomic():
                assert locked_row(Membership, pk) is not None

    assert in_parallel(change, read, lock) == [None] * 3
    assert set(seen) == {4}
    assert no_alert()


def test_it_counts_all_that_is_made_and_deleted_at_once(transactional_cast: Cast) -> None:
    def make_and_delete() -> None:
        for number in range(TIMES):
            grant = Grant.objects.create(
                organization=transactional_cast.acme, subject_kind=Grant.SubjectKind.EVERYONE, role=Role.VIEWER
            )
            if number % 2:
                grant.delete()

    assert in_parallel(make_and_delete, make_and_delete, make_and_delete) == [None] * 3
    assert not verify_authority(actor=Actor.system()).faults


def test_it_is_verified_while_it_changes(transactional_cast: Cast) -> None:
    pk = Membership.objects.get(organization=transactional_cast.acme, user=transactional_cast.bob).pk
    faults: list[object] = []

    def change() -> None:
        for number in range(TIMES):
            row = Membership.objects.get(pk=pk)
            row.role = Role.ADMIN if number % 2 else Role.VIEWER
            row.save(update_fields=["role"])
            Grant.objects.create(
                organization=transactional_cast.acme, subject_kind=Grant.SubjectKind.EVERYONE, role=Role.VIEWER
            ).delete()

    def verify() -> None:
        for _ in range(5):
            faults.extend(verify_authority(actor=Actor.system()).faults)

    assert in_parallel(change, verify) == [None] * 2
    assert faults == []
