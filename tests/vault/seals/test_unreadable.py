"""A verification tells of rows that cannot even be read, and goes on with the others."""

import pytest
from django.db import connection

from audit.actor import Actor
from orgs.models import Membership
from tests.cast import Cast
from tests.invariants import attacker as sql
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db


def test_it_goes_on_after_a_row_that_cannot_be_read(cast: Cast) -> None:
    spoilt = Membership.objects.get(organization=cast.acme, user=cast.bob)
    if connection.vendor == "postgresql":
        sql.update("orgs_membership", {"uid": spoilt.uid}, joined_at="infinity")
    else:
        sql.update("seals_seal", {"row": spoilt.seal_row()}, version="none")
    sql.update("accounts_user", {"uid": cast.vera.uid}, is_support=True)
    found = {(fault.kind, fault.fault) for fault in verify_authority(actor=Actor.system()).faults}
    assert ("accounts.user", "altered") in found
    assert any(kind == "orgs.membership" and "cannot be read" in fault for kind, fault in found)
