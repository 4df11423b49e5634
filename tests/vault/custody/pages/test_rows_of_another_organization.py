"""Whoever looks after two organizations finds the rows of each under its own address alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import Membership
from orgs.roles import Role
from tests.cast import Cast
from vault.custody import services
from vault.custody.kinds import ReportKind
from vault.custody.models import KeyReport, ShredRequest
from vault.custody.services.authority import OPERATOR

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.fixture
def client(cast: Cast, client_for: ClientFor) -> Client:
    """Alice's, who owns initech as well."""
    Membership.objects.create(organization=cast.initech, user=cast.alice, role=Role.OWNER)
    return client_for(cast.alice)


@pytest.mark.parametrize("name", ["operation", "report", "report_file", "shred_approve"])
def test_it_is_missing_under_the_other_one(cast: Cast, client: Client, name: str) -> None:
    operation = services.start_verification(actor=OPERATOR, scope=cast.acme.key_scope)
    report = KeyReport.objects.create(kind=ReportKind.COMPROMISE, organization_id=cast.acme.uid, text="a note")
    in_a_day = timezone.now() + timedelta(days=1)
    asked = ShredRequest.objects.create(organization=cast.acme, requested_by=cast.bob, expires_at=in_a_day)
    uid = {"operation": operation.uid, "shred_approve": asked.uid}.get(name, report.uid)
    assert client.get(reverse(f"custody:{name}", args=[cast.acme.uid, uid])).status_code == 200
    assert client.get(reverse(f"custody:{name}", args=[cast.initech.uid, uid])).status_code == 404


def test_it_is_not_advanced_under_the_other_one(cast: Cast, client: Client) -> None:
    operation = services.start_verification(actor=OPERATOR, scope=cast.acme.key_scope)
    assert client.post(reverse("custody:advance", args=[cast.initech.uid, operation.uid])).status_code == 404
    operation.refresh_from_db()
    assert operation.running
