"""Which rows count, and what is said about the others."""

import pytest
from django.db import connection

from audit.actions import Action
from audit.models import Event
from orgs.models import Membership, Team, TeamMembership
from tests.cast import Cast
from tests.sealing import tamper, unguarded
from tests.statements import Statements
from vault.seals import Fault, genuine, is_genuine, with_seal
from vault.seals.models import Seal
from vault.seals.verification import fault_of

pytestmark = pytest.mark.django_db


def bob_of(cast: Cast) -> Membership:
    return with_seal(Membership.objects.filter(organization=cast.acme, user=cast.bob)).get()


def test_it_needs_one_query_for_rows_and_seals(cast: Cast) -> None:
    genuine([bob_of(cast)])  # has the key in memory
    with Statements(connection) as sent:
        assert len(genuine(with_seal(Membership.objects.filter(organization=cast.acme)))) == 4
    assert len(sent) == 1


def test_it_looks_for_the_seal_of_a_row_that_came_without(cast: Cast) -> None:
    assert is_genuine(Membership.objects.get(organization=cast.acme, user=cast.bob))
    assert not is_genuine(None)


def test_it_keeps_the_others_when_one_is_not(cast: Cast) -> None:
    tamper(Membership.objects.filter(user=cast.bob), role="owner")
    kept = genuine(with_seal(Membership.objects.filter(organization=cast.acme)))
    assert cast.bob.pk not in {each.user_id for each in kept}
    assert len(kept) == 3


def test_it_names_a_row_without_a_seal(cast: Cast) -> None:
    row = bob_of(cast)
    Seal.objects.filter(row=row.seal_row()).delete()
    assert fault_of(bob_of(cast)) is Fault.UNSEALED


def test_it_names_a_row_of_another_organization(cast: Cast) -> None:
    row = bob_of(cast)
    tamper(Membership.objects.filter(pk=row.pk), organization_id=cast.initech.uid)
    assert fault_of(with_seal(Membership.objects.filter(pk=row.pk)).get()) is Fault.ELSEWHERE


@pytest.mark.parametrize("mac", [b"", b"\x01", bytes(48), bytes(16)])
def test_it_names_a_mac_under_no_key_of_ours(cast: Cast, mac: bytes) -> None:
    Seal.objects.filter(row=bob_of(cast).seal_row()).update(mac=mac)
    assert fault_of(bob_of(cast)) is Fault.ALTERED


def test_it_reports_nothing_about_a_row_that_was_changed_in_memory(cast: Cast) -> None:
    row = bob_of(cast)
    row.role = "owner"
    assert not is_genuine(row)
    assert fault_of(row) is Fault.STALE
    assert not Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN).exists()


def test_it_reports_nothing_about_a_row_that_was_deleted_meanwhile(cast: Cast) -> None:
    row = bob_of(cast)
    row.role = "viewer"
    Membership.objects.get(pk=row.pk).delete()
    assert not is_genuine(row)
    assert not Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN).exists()


def test_it_takes_a_row_that_was_changed_since_it_was_read(cast: Cast) -> None:
    row, other = bob_of(cast), bob_of(cast)
    other.role = "viewer"
    other.save()
    assert is_genuine(row)  # as any row that is not locked
    assert is_genuine(other)
    assert is_genuine(bob_of(cast))


def test_it_wants_a_related_row_to_be_genuine_too(cast: Cast) -> None:
    team = Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")
    place = TeamMembership.objects.create(organization=cast.acme, team=team, membership=bob_of(cast))
    rows = TeamMembership.objects.filter(pk=place.pk).select_related("team")
    assert genuine(with_seal(rows, "team"))
    tamper(Team.objects.filter(pk=team.pk), name="Owners")
    assert not genuine(with_seal(rows, "team"))
    assert genuine(with_seal(rows))


def test_it_reads_the_same_through_every_kind_of_primary_key(cast: Cast) -> None:
    from tests.accounts.doors import recovery_codes_of
    from vault.seals.kinds import sealed_models

    recovery_codes_of(cast.alice)
    for model in sealed_models():
        assert all(fault_of(row) is None for row in with_seal(model._base_manager.all())), model


def test_it_names_a_seal_that_lies_under_another_row(cast: Cast) -> None:
    adam = Membership.objects.get(organization=cast.acme, user=cast.adam)
    taken = Seal.objects.get(row=adam.seal_row())
    unguarded(Seal.objects.filter(row=bob_of(cast).seal_row())).update(mac=taken.mac, version=taken.version)
    assert fault_of(bob_of(cast)) is Fault.ALTERED
