"""Destroying for good, by hand and by age."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Session
from audit.actions import Action, ActorKind
from audit.models import Event
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.sealing import change
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.errors import ConfirmationMismatch, NotInTrash
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import purge_expired_trash, purge_secret, trash_secret


def test_it_destroys_every_version_and_says_so(cast: Cast, secret: Secret) -> None:
    trash_secret(actor=cast.bob, secret=secret)
    purge_secret(actor=cast.adam, secret=secret, confirmation="STRIPE_API_KEY")
    assert not Secret.objects.exists()
    assert not SecretVersion.objects.exists()
    event = Event.objects.get(action=Action.SECRET_PURGED)
    assert (event.resource_id, event.resource_label) == (str(secret.pk), "STRIPE_API_KEY")
    assert event.details == {"version": 1, "kind": "value", "reason": "asked"}


@pytest.mark.parametrize("typed", ["", "stripe_api_key", "STRIPE_API_KEY2"])
def test_it_wants_the_name_typed(cast: Cast, secret: Secret, typed: str) -> None:
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(ConfirmationMismatch):
        purge_secret(actor=cast.alice, secret=secret, confirmation=typed)
    assert Secret.objects.exists()


def test_it_destroys_only_what_is_in_the_trash(cast: Cast, secret: Secret) -> None:
    with pytest.raises(NotInTrash):
        purge_secret(actor=cast.alice, secret=secret, confirmation="STRIPE_API_KEY")


@pytest.mark.parametrize("who", ["bob", "vera", "charlie", "sam"])
def test_it_is_for_owners_and_admins(cast: Cast, secret: Secret, who: str) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    with pytest.raises(AccessDenied):
        purge_secret(actor=getattr(cast, who), secret=secret, confirmation="STRIPE_API_KEY")
    assert Secret.objects.exists()


def age(secret: Secret, days: float) -> None:
    change(Secret.objects.filter(pk=secret.pk), trashed_at=timezone.now() - timedelta(days=days))


def test_it_purges_what_has_been_in_the_trash_for_thirty_days(cast: Cast, store: StoreSecret) -> None:
    old, young, live = store("OLD"), store("YOUNG"), store("LIVE")
    age(old, 30.01)
    age(young, 29.99)
    assert purge_expired_trash() == 1
    assert set(Secret.objects.values_list("name", flat=True)) == {"YOUNG", live.name}
    event = Event.objects.get(action=Action.SECRET_PURGED)
    assert (event.actor_kind, event.details["reason"]) == (ActorKind.SYSTEM, "expired")
    assert event.organization_id == cast.acme.uid


def test_it_keeps_house_and_reports_it(cast: Cast, store: StoreSecret) -> None:
    age(store("OLD"), 31)
    Session.objects.create(session_key="x" * 40, session_data="", expire_date=timezone.now() - timedelta(hours=1))
    cache.set("counter", 1, timeout=-1)
    out = StringIO()
    call_command("housekeeping", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert (report["secrets_purged"], report["sessions_removed"]) == (1, 1)
    assert not Session.objects.exists()
    again = StringIO()
    call_command("housekeeping", stdout=again)
    assert "Purged 0 secrets" in again.getvalue()
