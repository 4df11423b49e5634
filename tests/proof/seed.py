"""Fills the instance of the environment for the test under load, and says what it finds there. JSON on stdout.

    python -m tests.proof.seed fill CLIENTS PEOPLE
    python -m tests.proof.seed change
    python -m tests.proof.seed look

A program of its own, because the test's process is a client like any other and has no business in this database.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
logging.disable(logging.WARNING)
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up, as all that follows
from django.core.management import call_command  # noqa: E402

from orgs.models import Organization, Project  # noqa: E402
from orgs.services import create_project  # noqa: E402
from tests.cast import authenticator_of, make_cast, make_person, signed_in_client  # noqa: E402
from tests.harness.tenants import touch_every_organization  # noqa: E402
from tests.proof.writers import content_of  # noqa: E402
from vault.fields.rewrapping import outstanding  # noqa: E402
from vault.keys.models import WrappedKey  # noqa: E402
from vault.keys.purposes import SYSTEM_SCOPE, Purpose  # noqa: E402
from vault.secrets.kinds import Kind  # noqa: E402
from vault.secrets.models import SecretVersion  # noqa: E402
from vault.secrets.services import create_secret  # noqa: E402


def fill(clients: int, people: int) -> dict[str, Any]:
    """The cast, one secret for each client, and people who have not signed in yet."""
    cast = make_cast()
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Load")
    secrets = []
    for index in range(clients + 2):
        name = f"Load {index}"
        secret = create_secret(
            actor=cast.alice, environment=project.environments.get(), kind=Kind.VALUE, name=name,
            values={"value": content_of(name, 1)},
        )  # fmt: skip
        secrets.append({"uid": str(secret.pk), "name": name})
    newcomers = [make_person(f"Newcomer{index}") for index in range(people)]
    return {
        "organization": str(cast.acme.pk),
        "secrets": secrets,
        "sessions": [
            signed_in_client(cast.alice).cookies[settings.SESSION_COOKIE_NAME].value for _ in range(clients + 2)
        ],
        "people": [{"email": person.email, "key": authenticator_of(person).key} for person in newcomers],
    }


def change() -> dict[str, Any]:
    """Every key anew, and everything under the new keys: what an operator's commands do, one after the other."""
    done = []
    for command in (
        ("rewrap", "--all"),
        ("rotate", "--all"),
        ("reencrypt", "--all"),
        ("rotate", "--purpose", "token"),
        ("retire", "--all"),
        ("rotate-root",),
        ("rotate-root", "--finish"),
        ("verify", "--all"),
    ):
        call_command("keys", *command, "--json", stdout=StringIO())
        done.append(" ".join(command))
    return {"done": done}


def look() -> dict[str, Any]:
    """What does not read as it must, and what is still under older keys."""
    wrong = [
        f"version {version.number} of {version.secret.name}"
        for version in SecretVersion.objects.select_related("secret")
        if version.payload["value"] != content_of(version.secret.name, version.number)
    ]
    return {
        "wrong": wrong,
        "versions": SecretVersion.objects.count(),
        "older": sum(outstanding(scope, purpose) for scope, purpose in _places()),
        "keys": [str(key) for key in WrappedKey.objects.all()],
    }


def _places() -> list[tuple[str, Purpose]]:
    scopes = [(organization.key_scope, Purpose.DATA) for organization in Organization.objects.all()]
    return [*scopes, (SYSTEM_SCOPE, Purpose.TOTP)]


if __name__ == "__main__":
    touch_every_organization()
    numbers = [int(text) for text in sys.argv[2:]]
    acts: dict[str, Callable[..., dict[str, Any]]] = {"fill": fill, "change": change, "look": look}
    json.dump(acts[sys.argv[1]](*numbers), sys.stdout)
