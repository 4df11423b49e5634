"""What is said and done about one organization's keys takes nothing of another's for its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from tests.cast import Cast, make_person
from tests.sealing import change
from vault.custody import services
from vault.custody.errors import ShredRefused
from vault.custody.exposure import exposure_of
from vault.custody.failures import shown_failures
from vault.custody.kinds import OperationKind, OperationState, ReportKind
from vault.custody.mails import deliver_compromise
from vault.custody.models import KeyOperation, KeyReport, ShredRequest
from vault.custody.notices import instance_notices, organization_notices
from vault.custody.root_keys import root_keys_shown
from vault.custody.selectors import open_shred_request, reports_of, shredded_at
from vault.custody.services.authority import OPERATOR
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import purge_secret, reveal_secret, trash_secret

pytestmark = pytest.mark.django_db
SECTION: dict[str, Any] = {
    "keys": [],
    "left": 0,
    "secrets": 0,
    "openings": 0,
    "opened_by": [],
    "since": "2026-01-01",
}


def test_a_report_of_a_compromise_counts_what_is_its_own(cast: Cast, stored: list[Secret]) -> None:
    reveal_secret(actor=cast.bob, secret=stored[0].pk)
    trash_secret(actor=cast.alice, secret=stored[2])
    purge_secret(actor=cast.alice, secret=stored[2], confirmation="NAME_2")
    since = timezone.now() - timedelta(days=1)
    own, other = exposure_of(cast.acme.uid, since), exposure_of(cast.initech.uid, since)
    assert (own.secrets, own.versions, own.purged, own.openings) == (6, 6, ["NAME_2"], 1)
    assert (other.secrets, other.versions, other.purged, other.openings) == (0, 0, [], 0)


def test_it_is_mailed_to_the_active_owners_alone(cast: Cast, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    left, deactivated = make_person("Lee"), make_person("Dan")
    for person in (left, deactivated):
        Membership.objects.create(organization=cast.acme, user=person, role=Role.OWNER)
    change(Membership.objects.filter(user=left), status=Membership.Status.REMOVED)
    change([deactivated], is_active=False)
    deliver_compromise(cast.acme, SECTION, root=False)
    assert [message.to for message in mail.outbox] == [[cast.alice.email]]


def test_the_pages_about_keys_tell_of_their_own_work(cast: Cast) -> None:
    services.start_verification(actor=OPERATOR, scope=cast.acme.key_scope)
    KeyReport.objects.create(kind=ReportKind.COMPROMISE, organization_id=cast.acme.uid, text="a note")
    assert organization_notices(cast.acme, [])
    assert not organization_notices(cast.initech, [])
    assert not instance_notices([], root_keys_shown())
    assert reports_of(cast.acme.uid).exists()
    assert not reports_of(cast.initech.uid).exists()
    assert not reports_of(None).exists()


def test_a_failure_names_no_secret_of_another_organization(cast: Cast, stored: list[Secret]) -> None:
    """What did not open was written down with the row alone, which anybody with the database may have swapped."""
    failure = {"table": SecretVersion._meta.db_table, "row": str(stored[0].pk), "version": 1}
    operation = KeyOperation(kind=OperationKind.VERIFY, state=OperationState.DONE, result={"failures": [failure]})
    assert [each.label for each in shown_failures(operation, cast.acme)] == ["NAME_0"]
    assert [each.label for each in shown_failures(operation, cast.initech)] == [str(stored[0].pk)]


def test_a_request_to_destroy_keys_is_one_for_these_keys(cast: Cast, second_owner: Membership) -> None:
    request = services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    assert open_shred_request(cast.acme) == request
    assert open_shred_request(cast.initech) is None
    services.approve_shred(actor=second_owner.user, request=request)
    assert shredded_at(cast.acme.uid)
    assert shredded_at(cast.initech.uid) is None


def test_what_was_carried_out_is_answered_with_its_own_request(cast: Cast, second_owner: Membership) -> None:
    request = services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    services.approve_shred(actor=second_owner.user, request=request)
    later = timezone.now() + timedelta(hours=1)
    agreed: dict[str, Any] = {"approved_by": cast.alice, "approved_at": later, "executed_at": later}
    ShredRequest.objects.create(organization=cast.initech, requested_by=cast.charlie, expires_at=later, **agreed)
    assert services.execute_shred(actor=OPERATOR, organization=cast.acme, confirmation="Acme") == request


@pytest.mark.parametrize("how", ["removed", "deactivated", "demoted"])
def test_who_owns_it_no_longer_is_no_other_owner(
    cast: Cast, second_owner: Membership, how: str, client_for: Callable[..., Client]
) -> None:
    request = services.request_shred(actor=second_owner.user, organization=cast.acme, confirmation="Acme")
    if how == "removed":
        change([second_owner], status=Membership.Status.REMOVED)
    elif how == "deactivated":
        change([second_owner.user], is_active=False)
    else:
        change([second_owner], role=Role.ADMIN)
    with pytest.raises(ShredRefused, match="not an active owner"):
        services.approve_shred(actor=cast.alice, request=request)
    services.cancel_shred(actor=cast.alice, request=request)
    with pytest.raises(ShredRefused, match="only one"):
        services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    page = client_for(cast.alice).get(reverse("custody:keys", args=[cast.acme.uid]))
    assert "There is only one owner." in page.content.decode()


def test_an_owner_of_another_organization_agrees_to_nothing(cast: Cast) -> None:
    Membership.objects.create(organization=cast.initech, user=cast.bob, role=Role.OWNER)
    with pytest.raises(ShredRefused, match="only one"):
        services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    request = ShredRequest.objects.create(
        organization=cast.acme, requested_by=cast.bob, expires_at=timezone.now() + timedelta(hours=1)
    )
    with pytest.raises(AccessDenied):
        services.approve_shred(actor=cast.charlie, request=request)
    with pytest.raises(ShredRefused, match="not an active owner"):
        services.approve_shred(actor=cast.alice, request=request)
