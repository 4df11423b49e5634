"""The instance's own keys are made once, and the log says so."""

import pytest

from audit.actions import Action, ActorKind
from audit.models import Event
from audit.system_keys import make_system_keys
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE

pytestmark = pytest.mark.django_db


def test_it_writes_an_event_for_each_key_that_it_makes_and_for_no_other() -> None:
    WrappedKey.objects.filter(scope=SYSTEM_SCOPE).delete()
    keyrings.forget()
    make_system_keys()
    events = Event.objects.filter(action=Action.KEY_CREATED, actor_kind=ActorKind.SYSTEM)
    keys = WrappedKey.objects.filter(scope=SYSTEM_SCOPE)
    assert {event.resource_id for event in events} == {str(key.pk) for key in keys}
    assert {event.details["purpose"] for event in events} == {purpose.value for purpose in SYSTEM_PURPOSES}
    make_system_keys()
    assert events.count() == len(SYSTEM_PURPOSES)
    keyrings.forget()
