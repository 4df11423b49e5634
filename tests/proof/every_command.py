"""Runs every command about keys on the instance of the environment, those that fail included. JSON on stdout.

    python -m tests.proof.every_command

What it prints: the material of every key that there ever was (which no command prints), the word lists of the split
root key, and what the commands said. Its log goes to standard error, as that of a command does.
"""

import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
django.setup()

from django.core.management import CommandError, call_command  # noqa: E402 - after the set-up, as all that follows

from orgs.models import Membership, Organization  # noqa: E402
from orgs.roles import Role  # noqa: E402
from tests.harness.tenants import touch_every_organization  # noqa: E402
from tests.sealing import change  # noqa: E402
from vault.crypto import envelope as envelopes  # noqa: E402
from vault.crypto.aad import context, dek_wrap_aad, tenant_key_aad  # noqa: E402
from vault.crypto.rootkey import _HEADER, _NONCE  # noqa: E402 - the test looks into what nobody else may see
from vault.crypto.signing import derive  # noqa: E402
from vault.custody import services  # noqa: E402
from vault.keys.keyrings import keyring_for  # noqa: E402
from vault.keys.models import WrappedKey  # noqa: E402
from vault.keys.providers import root_keys  # noqa: E402
from vault.keys.purposes import Purpose  # noqa: E402
from vault.secrets.models import SecretVersion  # noqa: E402

_material: set[str] = set()
_said: list[str] = []


def look_into_keys() -> None:
    """Remember the bytes of every tenant key and of every value's data key, as they are now."""
    by_id = {key.key_id: key for key in root_keys()}
    for row in WrappedKey.objects.exclude(wrapped=b""):
        wrapped = bytes(row.wrapped)
        aad = tenant_key_aad(wrapped[:_HEADER], scope=row.scope, purpose=row.purpose, version=row.version)
        root_key = by_id[wrapped[1:_HEADER]]
        material = root_key._cipher.decrypt(wrapped[_HEADER:_NONCE], wrapped[_NONCE:], aad)
        _material.update((material.hex(), derive(material, info=b"holdfast/v1/key-id", length=32).hex()))
    field: Any = SecretVersion._meta.get_field("payload")
    for version in SecretVersion.objects.all():
        stored = bytes(version.payload_envelope)
        header, nonce, wrapped_dek, *_ = envelopes._FRONT.unpack_from(stored)
        binding = field.binding(version)
        key = keyring_for(binding.scope, Purpose.DATA, needing=header[1:]).get(header[1:])
        _material.add(key.dek_cipher.decrypt(nonce, wrapped_dek, dek_wrap_aad(header, context(binding))).hex())


def run(*arguments: str, typed: str = "", fails: bool = False) -> str:
    """One command, with what is typed into it. Gives its standard output, which is not kept."""
    out, err = io.StringIO(), io.StringIO()
    failed = False
    with patch("sys.stdin", io.StringIO(typed)):
        try:
            call_command("keys", *arguments, stdout=out, stderr=err)
        except CommandError as error:
            failed = True
            _said.append(str(error))
    if failed != fails:
        raise AssertionError(f"keys {arguments[0]} {'failed: ' + _said[-1] if failed else 'did not fail'}")
    _said.append(err.getvalue())
    if arguments[0] != "split" and typed == "":
        _said.append(out.getvalue())
    if arguments[0] != "shred":  # after which there is nothing to look into
        look_into_keys()
    return out.getvalue()


def main() -> None:
    """Everything once, and some of it wrong."""
    acme = Organization.objects.get(slug="acme")
    look_into_keys()
    run("status")
    run("rotate", "--all")
    run("rewrap", "--all")
    run("rotate", "--all")
    run("reencrypt", "--all")
    run("retire", "--all")
    run("verify", "--all")
    run("rotate-root", "--to", "0000-0000-0000-0000", fails=True)
    following = root_keys()[1].fingerprint
    run("rotate-root", "--to", following)
    run("rotate-root", "--finish")
    shares = json.loads(run("split", "--json"))["shares"]
    wrong = shares[0].rsplit(" ", 1)[0] + " academic"
    for share in shares[:2]:
        run("escrow-check", typed=f"{share}\n")
    run("escrow-check", typed=f"{wrong}\n", fails=True)
    with tempfile.TemporaryDirectory() as folder:
        typed = "".join(f"{share}\n" for share in shares[:3])
        run("recover", "--output", str(Path(folder) / "recovered"), typed=typed)
        run("recover", "--output", str(Path(folder) / "again"), typed=f"{wrong}\n", fails=True)
    run("compromise", "--org", "acme", "--yes")
    run("compromise", "--root", "--to", root_keys()[2].fingerprint, "--yes")
    alice, adam = (acme.memberships.get(user__name=name).user for name in ("Alice", "Adam"))
    change(Membership.objects.filter(organization=acme, user=adam), role=Role.OWNER)
    request = services.request_shred(actor=alice, organization=acme, confirmation=acme.name)
    services.approve_shred(actor=adam, request=request, execute=False)
    run("shred", "--org", "acme", "--confirm", acme.name)
    json.dump({"material": sorted(_material), "shares": shares, "said": _said}, sys.stdout)


if __name__ == "__main__":
    touch_every_organization()
    main()
