"""Alerts stand, whatever becomes of the work that came upon the row, and are said once an hour."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from audit.actions import Action, ResourceKind, Risk
from audit.models import Event
from orgs.models import Membership
from tests.cast import Cast, signed_in_client
from tests.sealing import tamper
from vault.seals import genuine, reporting, with_seal


class Undone(Exception):
    """Ends a transaction."""


def look_and_fail(cast: Cast) -> None:
    with transaction.atomic():
        look(cast)
        raise Undone


def alerts() -> list[Event]:
    return list(Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN).order_by("id"))


def look(cast: Cast) -> None:
    genuine(with_seal(Membership.objects.filter(organization=cast.acme)))


@pytest.fixture
def broken(transactional_cast: Cast) -> Cast:
    tamper(Membership.objects.filter(user=transactional_cast.bob), role="owner")
    return transactional_cast


def test_it_names_the_row_and_what_is_wrong_and_no_value(broken: Cast) -> None:
    look(broken)
    (alert,) = alerts()
    bob = Membership.objects.get(user=broken.bob)
    assert (alert.risk, alert.organization_id) == (Risk.CRITICAL, broken.acme.uid)
    assert (alert.resource_kind, alert.resource_id) == (ResourceKind.MEMBERSHIP, bob.uid.hex)
    assert alert.details == {"model": "orgs.membership", "reason": "altered"}


def test_it_says_so_once_an_hour(broken: Cast) -> None:
    look(broken)
    look(broken)
    assert len(alerts()) == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        look(broken)
    assert len(alerts()) == 2


def test_it_keeps_the_alert_of_a_request_whose_work_was_undone(broken: Cast) -> None:
    with pytest.raises(Undone), reporting.collecting():
        look_and_fail(broken)
    assert len(alerts()) == 1


def test_it_keeps_the_alert_of_a_command_whose_work_was_undone(broken: Cast) -> None:
    with pytest.raises(Undone):
        look_and_fail(broken)
    assert not alerts()
    reporting.write_waiting()
    assert len(alerts()) == 1


def test_it_writes_the_alert_of_a_command_when_its_work_is_done(broken: Cast) -> None:
    with transaction.atomic():
        look(broken)
        assert not alerts()
    assert len(alerts()) == 1


def test_it_alerts_when_a_person_meets_the_row(broken: Cast) -> None:
    client = signed_in_client(broken.bob)
    assert client.get(reverse("orgs:members", args=[broken.acme.uid])).status_code == 404
    (alert,) = alerts()
    assert alert.correlation_id
    assert alert.ip == "127.0.0.1"


def test_it_answers_what_cannot_be_changed(broken: Cast) -> None:
    bob = Membership.objects.get(user=broken.bob)
    client = signed_in_client(broken.alice)
    address = reverse("orgs:member_role", args=[broken.acme.uid, bob.uid])
    response = client.post(address, {"role": "viewer"})
    assert response.status_code in (404, 409)
    assert alerts()
