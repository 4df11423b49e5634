"""What people and backups find once the keys of an organization are gone."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from orgs.models import Membership
from tests.cast import Cast
from tests.vault.custody.commands import keys_with_code
from tests.vault.secrets.pages import JSON, post_edit, post_new
from vault.custody.services import advance_verification, approve_shred, request_shred, start_verification
from vault.custody.services.authority import OPERATOR
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.secrets.models import Secret, SecretVersion

pytestmark = pytest.mark.django_db

ClientFor = Callable[..., Client]


@pytest.fixture
def shredded(cast: Cast, stored: list[Secret], second_owner: Membership) -> list[Secret]:
    request = request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    approve_shred(actor=second_owner.user, request=request)
    return stored


@pytest.fixture
def browser(cast: Cast, client_for: ClientFor) -> Client:
    """Alice's, which gets the page that people get instead of the exception."""
    return client_for(cast.alice, raise_request_exception=False)


def test_reading_says_when_the_keys_were_destroyed(browser: Client, shredded: list[Secret]) -> None:
    answer = browser.post(reverse("secrets:reveal", args=[shredded[0].pk]), headers=JSON)
    assert answer.status_code == 410
    assert "keys of this organization were destroyed on" in answer.json()["reason"]
    page = browser.post(reverse("secrets:reveal", args=[shredded[0].pk]))
    assert page.status_code == 410
    assert "keys of this organization were destroyed on" in page.content.decode()


def test_writing_is_refused_and_changes_nothing(browser: Client, shredded: list[Secret]) -> None:
    before = SecretVersion.objects.count(), Event.objects.count()
    assert post_new(browser, shredded[0].environment, "value", {"value": "new"}).status_code == 410
    assert post_edit(browser, shredded[0], {"value": "new"}).status_code == 410
    assert SecretVersion.objects.count() == before[0]


def test_no_page_of_the_organization_breaks(browser: Client, cast: Cast, shredded: list[Secret]) -> None:
    secret = shredded[0]
    for address in (
        reverse("secrets:list", args=[cast.acme.pk]),
        reverse("secrets:project", args=[secret.project_id]),
        reverse("secrets:detail", args=[secret.pk]),
        reverse("secrets:versions", args=[secret.pk]),
        reverse("secrets:activity", args=[secret.pk]),
        reverse("secrets:edit", args=[secret.pk]),
        reverse("secrets:trash", args=[cast.acme.pk]),
    ):
        assert browser.get(address).status_code in {200, 410}, address
    assert browser.get(reverse("secrets:list", args=[cast.acme.pk])).status_code == 200
    assert browser.post(reverse("secrets:trash_one", args=[secret.pk])).status_code in {302, 303}


def test_no_backup_of_the_rows_alone_opens(
    browser: Client, cast: Cast, stored: list[Secret], second_owner: Membership
) -> None:
    """Every row of values as it was before, back in place under the key table as it is after."""
    table = SecretVersion._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE backup AS SELECT * FROM {table}")  # noqa: S608 - our own table
    address = reverse("secrets:reveal", args=[stored[0].pk])
    assert browser.post(address, headers=JSON).json()["fields"][0]["value"] == "canary 0"
    request = request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    approve_shred(actor=second_owner.user, request=request)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table
        cursor.execute(f"INSERT INTO {table} SELECT * FROM backup")  # noqa: S608 - our own table
        cursor.execute("DROP TABLE backup")
    keyrings.forget()
    assert SecretVersion.objects.count() == len(stored)
    assert browser.post(address, headers=JSON).status_code == 410


def test_keys_that_nobody_agreed_to_destroy_are_not_destroyed_on_purpose(
    browser: Client, cast: Cast, stored: list[Secret]
) -> None:
    """By somebody who writes to the database: what he did to the values must not pass for the owners' wish."""
    WrappedKey.objects.filter(scope=cast.acme.key_scope).update(
        state="destroyed", wrapped=b"", destroyed_at=timezone.now()
    )
    document, code = keys_with_code("verify", "--all")
    assert (code, document["failed"], document["left_out"]) == (1, 0, 1)
    assert "The keys of acme are destroyed, and no two owners agreed to that." in document["problem"]
    assert keys_with_code("status", "--check")[1] == 1
    operation = start_verification(actor=OPERATOR)
    operation = advance_verification(actor=OPERATOR, operation=operation)
    assert "no two owners" in operation.problem
    assert Event.objects.latest("id").outcome == "failure"
    for page in (reverse("custody:instance"), reverse("custody:keys", args=[cast.acme.uid])):
        text = browser.get(page).content.decode()
        assert "Everything opens" not in text
        assert "Not everything opens" in text
