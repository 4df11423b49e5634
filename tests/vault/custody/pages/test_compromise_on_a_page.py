"""What the page of an answer to a compromised key says once it is done."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from tests.vault.custody.commands import keys_with_code
from tests.vault.custody.pages.test_verifying_on_a_page import damage
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation, KeyReport
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db


def test_it_does_not_call_done_what_was_left_under_the_old_key(
    cast: Cast, client_for: Callable[..., Client], stored: list[Secret]
) -> None:
    damage(stored[3])
    document, code = keys_with_code("compromise", "--org", "acme", "--yes")
    assert (document["left"], code) == (1, 1)
    operation = KeyOperation.objects.get(kind=OperationKind.COMPROMISE)
    page = client_for(cast.alice).get(reverse("custody:operation", args=[cast.acme.uid, operation.uid]))
    text = page.content.decode()
    assert "Done, but not everything opens" in text
    assert "values are under the new key" not in text


def test_it_leads_to_the_signed_report(cast: Cast, client_for: Callable[..., Client], stored: list[Secret]) -> None:
    keys_with_code("compromise", "--org", "acme", "--yes")
    operation, report = KeyOperation.objects.get(kind=OperationKind.COMPROMISE), KeyReport.objects.get()
    client = client_for(cast.alice)
    text = client.get(reverse("custody:operation", args=[cast.acme.uid, operation.uid])).content.decode()
    address = reverse("custody:report", args=[cast.acme.uid, report.uid])
    assert f'href="{address}"' in text
    assert client.get(address).status_code == 200
