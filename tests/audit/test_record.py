"""Events that stand alone: refusals, failures, sign-ins."""

import pytest
from django.db import transaction

from audit.actions import Action, Outcome
from audit.actor import Actor
from audit.models import Event
from audit.services import InsideTransaction, record
from tests.cast import Cast


def deny() -> Event:
    return record(actor=Actor.anonymous(), action=Action.ACCESS_DENIED, outcome=Outcome.DENIED)


@pytest.mark.django_db(transaction=True)
def test_it_outlives_the_rollback_of_the_request_that_it_reports(cast: Cast) -> None:
    class Refused(Exception):
        pass

    @transaction.atomic
    def business() -> None:
        cast.acme.name = "Changed"
        cast.acme.save()
        raise Refused

    with pytest.raises(Refused):
        business()
    deny()
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Acme"
    assert Event.objects.get().outcome == "denied"


@pytest.mark.django_db(transaction=True)
def test_it_is_refused_where_a_rollback_could_undo_it() -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        deny()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_it_is_refused_there_in_ordinary_tests_too() -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        deny()
    deny()
    assert Event.objects.count() == 1
