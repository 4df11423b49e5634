"""What is in the instance of a runbook, and whether it all opens. JSON on stdout.

    python -m tests.docs.runbooks.contents fill
    python -m tests.docs.runbooks.contents approve
    python -m tests.docs.runbooks.contents look

A program of its own, run in the environment of the instance that the runbook is about.
"""

import json
import logging
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
if __name__ == "__main__":
    logging.disable(logging.WARNING)
    django.setup()

from django.conf import settings

from accounts.models import TOTPDevice, User
from orgs.models import Membership, Organization, Project
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import authenticator_of, make_cast
from tests.harness.tenants import touch_every_organization
from tests.sealing import change
from vault.crypto.errors import CryptoError
from vault.crypto.fingerprint import fingerprint
from vault.custody.services import approve_shred, request_shred
from vault.keys.models import WrappedKey
from vault.secrets.kinds import Kind
from vault.secrets.models import SecretVersion
from vault.secrets.services import create_secret, reveal_secret, update_secret

SECRETS = 4
VERSIONS = 2


def content_of(name: str, number: int) -> str:
    """What is in a version: made from names, so that everybody knows it who sees the row."""
    return f"the value of {name}, version {number}"


def fill() -> dict[str, Any]:
    """Two organizations with values of several versions, some of which were opened, and people with authenticators."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cast = make_cast()
    # Shredding needs two owners.
    change(Membership.objects.filter(organization=cast.acme, user=cast.adam), role=Role.OWNER)
    for organization, owner in ((cast.acme, cast.alice), (cast.initech, cast.charlie)):
        project = create_project(actor=owner, organization=organization, kind=Project.Kind.PASSWORDS, name="Logins")
        for index in range(SECRETS):
            name = f"{organization.name} {index}"
            secret = create_secret(
                actor=owner, environment=project.environments.get(), kind=Kind.VALUE, name=name,
                values={"value": content_of(name, 1)},
            )  # fmt: skip
            for number in range(2, VERSIONS + 1):
                secret = update_secret(
                    actor=owner, secret=secret, base_version=number - 1, name=name, description="", tags=(),
                    values={"value": content_of(name, number)},
                )  # fmt: skip
            if index == 0:
                reveal_secret(actor=owner, secret=secret.pk)
    people = {str(device.pk): device.key for device in map(authenticator_of, User.objects.order_by("email"))}
    return {"authenticators": people}


def approve() -> dict[str, Any]:
    """Two owners of the first organization agree to destroy its keys, and leave it to the operator."""
    acme = Organization.objects.get(name="Acme")
    alice, adam = (User.objects.get(name=name) for name in ("Alice", "Adam"))
    request = request_shred(actor=alice, organization=acme, confirmation=acme.name)
    approve_shred(actor=adam, request=request, execute=False)
    return {}


def look() -> dict[str, Any]:
    """What opens with its right content, by organization, what does not, and the states of the keys."""
    right: dict[str, int] = {}
    wrong, closed = [], []
    for version in SecretVersion.objects.select_related("secret__organization"):
        name = f"version {version.number} of {version.secret.name}"
        try:
            content = version.payload["value"]
        except CryptoError:
            closed.append(name)
        else:
            if content != content_of(version.secret.name, version.number):
                wrong.append(name)
            organization = version.secret.organization.name
            right[organization] = right.get(organization, 0) + 1
    return {
        "right": right,
        "wrong": wrong,
        "closed": closed,
        "authenticators": {str(device.pk): device.key for device in TOTPDevice.objects.all()},
        "keys": [
            {
                "scope": key.scope,
                "purpose": key.purpose,
                "version": key.version,
                "state": key.state,
                "fingerprint": key.fingerprint,
                "root_key": fingerprint(bytes(key.root_key_id)),
            }
            for key in WrappedKey.objects.all()
        ],
        "organizations": {str(each.pk): each.slug for each in Organization.objects.all()},
    }


if __name__ == "__main__":
    touch_every_organization()
    json.dump({"fill": fill, "approve": approve, "look": look}[sys.argv[1]](), sys.stdout)
