"""Signed reports: to read, and to have byte for byte as they were signed."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from vault.custody.kinds import ReportKind
from vault.custody.models import KeyReport

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]

TEXT = "holdfast report <b>\nwho opened what\n\n\u2014 vault.example 4fI5xQ==\n"


def test_an_organization_reads_its_own(cast: Cast, client_for: ClientFor) -> None:
    report = KeyReport.objects.create(kind=ReportKind.COMPROMISE, organization_id=cast.acme.uid, text=TEXT)
    client = client_for(cast.adam)
    assert "Compromised organization key" in client.get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    page = client.get(reverse("custody:report", args=[cast.acme.uid, report.uid])).content.decode()
    assert "holdfast report &lt;b&gt;" in page
    file = client.get(reverse("custody:report_file", args=[cast.acme.uid, report.uid]))
    assert file.content == TEXT.encode()
    assert file["Content-Type"] == "text/plain; charset=utf-8"
    assert file["Content-Disposition"] == f'attachment; filename="holdfast-compromise-{report.uid}.txt"'


def test_an_administrator_of_the_instance_reads_those_about_the_instance_alone(
    cast: Cast, client_for: ClientFor
) -> None:
    own = KeyReport.objects.create(kind=ReportKind.ROOT_COMPROMISE, text=TEXT)
    acmes = KeyReport.objects.create(kind=ReportKind.COMPROMISE, organization_id=cast.acme.uid, text=TEXT)
    client = client_for(cast.alice)
    assert "Compromised root key" in client.get(reverse("custody:instance")).content.decode()
    assert client.get(reverse("custody:instance_report", args=[own.uid])).status_code == 200
    assert client.get(reverse("custody:instance_report_file", args=[own.uid])).content == TEXT.encode()
    for name in ("instance_report", "instance_report_file"):
        assert client.get(reverse(f"custody:{name}", args=[acmes.uid])).status_code == 404
    for name in ("report", "report_file"):
        assert client.get(reverse(f"custody:{name}", args=[cast.acme.uid, own.uid])).status_code == 404
