"""A value that was stored, shown, edited and refused is nowhere but where it was asked for."""

import json
import logging
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.pages import JSON, post_edit, post_new, revealed
from vault.secrets.models import Secret

ClientFor = Callable[..., Client]
CANARY = "canary-7f3a91c2"


def test_it_leaves_no_trace(
    cast: Cast,
    client_for: ClientFor,
    passwords: Environment,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_for(cast.bob)
    pages = []
    with CaptureQueriesContext(connection) as captured:
        post_new(client, passwords, "login", {"username": CANARY, "password": CANARY, "notes": CANARY})
        secret = Secret.objects.get()
        assert revealed(client, secret)["password"] == CANARY
        client.post(reverse("secrets:reveal", args=[secret.pk]))
        post_edit(client, secret, {"password": CANARY + "2"})
        post_edit(client, secret, {"password": CANARY + "3"})  # a conflict
        post_edit(client, secret, {"totp": CANARY + "!"})  # refused
        client.post(reverse("secrets:reveal", args=[secret.pk]), {"field": CANARY}, headers=JSON)
        client_for(cast.vera).post(reverse("secrets:reveal", args=[secret.pk]))
        url = reverse("secrets:env_import", args=[passwords.pk])
        page = client.post(url, {"step": "preview", "text": f"A={CANARY}\n{CANARY} {CANARY}\nB={CANARY}\nB={CANARY}\n"})
        sent = {"step": "import", "text": page.context["packed"], "seal": page.context["preview"].seal}
        client.post(url, sent)
        client.post(url, {**sent, "accept_invalid": "on"})
        pages.append(page)
        pages += [
            client.get(reverse(f"secrets:{name}", args=[secret.pk]))
            for name in ("detail", "edit", "versions", "activity")
        ]
        pages.append(client.get(reverse("secrets:project", args=[passwords.project_id])))
        pages.append(client_for(cast.alice).get(reverse("orgs:activity", args=[cast.acme.uid])))
    assert Secret.objects.filter(name="A").exists()
    for page in pages:
        assert page.status_code == 200
        assert CANARY not in page.content.decode()
    assert CANARY not in json.dumps([query["sql"] for query in captured.captured_queries])
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())
    capfd.readouterr()
    call_command("dumpdata", "secrets", "accounts", "audit", "orgs", "keys")
    assert CANARY not in capfd.readouterr().out
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the names of our own tables
            for row in cursor.fetchall():
                for cell in row:
                    found = bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
                    assert CANARY.encode() not in found, table
