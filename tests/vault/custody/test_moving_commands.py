"""`keys rotate`, `rewrap`, `reencrypt`, `retire`, `destroy`, `verify`."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.actions import Action
from audit.models import Event
from tests.cast import Cast, authenticator_of
from tests.vault.custody.commands import keys, keys_with_code
from vault.custody.kinds import OperationKind
from vault.keys.keyrings import keyring_for
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, Purpose
from vault.keys.writing import KeyExhausted
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import reveal_secret

pytestmark = pytest.mark.django_db

MANY = 7


def states(scope: str, purpose: Purpose = Purpose.DATA) -> list[str]:
    return list(
        WrappedKey.objects.filter(scope=scope, purpose=purpose).order_by("version").values_list("state", flat=True)
    )


def actions() -> list[str]:
    return list(Event.objects.order_by("id").values_list("action", flat=True))


def all_open(cast: Cast, stored: list[Secret]) -> bool:
    return all(
        reveal_secret(actor=cast.alice, secret=secret.pk)["value"] == f"canary {i}" for i, secret in enumerate(stored)
    )


def test_rotate_makes_a_new_version_of_one_organizations_key(cast: Cast) -> None:
    (made,) = keys("rotate", "--org", "acme")["rotated"]
    assert (made["scope"], made["purpose"], made["version"], made["state"]) == (
        cast.acme.key_scope,
        "data",
        2,
        "active",
    )
    assert states(cast.initech.key_scope) == ["active"]
    assert actions()[-2:] == [Action.KEY_CREATED, Action.KEY_ROTATED]
    assert Event.objects.latest("id").actor_label == "Operator on the server"


def test_rotate_takes_the_uid_of_an_organization_as_well(cast: Cast) -> None:
    assert keys("rotate", "--org", str(cast.acme.uid))["rotated"][0]["version"] == 2


def test_rotate_all_rotates_every_key_there_is(cast: Cast) -> None:
    made = keys("rotate", "--all")["rotated"]
    assert len(made) == 2 + len(SYSTEM_PURPOSES)
    assert states(cast.acme.key_scope) == states(SYSTEM_SCOPE, Purpose.ROW) == ["decrypt_only", "active"]


def test_a_key_that_wrapped_too_often_names_the_command_that_rotates_it(cast: Cast) -> None:
    for scope, purpose in ((cast.acme.key_scope, Purpose.DATA), (SYSTEM_SCOPE, Purpose.TOTP)):
        said = str(KeyExhausted(keyring_for(scope, purpose).active))
        (command,) = re.findall("`manage.py keys ([^`]+)`", said)
        (made,) = keys(*command.split())["rotated"]
        assert (made["scope"], made["purpose"], made["version"]) == (scope, purpose, 2)


@pytest.mark.parametrize("purpose", ["data", "totp", "token", "audit", "row", "sign"])
def test_rotate_keeps_to_the_purpose_that_is_named(cast: Cast, purpose: str) -> None:
    made = keys("rotate", *(["--all"] if purpose == "data" else []), "--purpose", purpose)["rotated"]
    assert {each["purpose"] for each in made} == {purpose}
    assert set(WrappedKey.objects.filter(version=2).values_list("purpose", flat=True)) == {purpose}
    assert WrappedKey.objects.filter(version=2).count() == (2 if purpose == "data" else 1)


@pytest.mark.parametrize(
    "words",
    [
        ["rotate"],
        ["rotate", "--purpose", "data"],
        ["rotate", "--org", "nobody"],
        ["rotate", "--org", "acme", "--purpose", "totp"],
        ["destroy", "0000-0000-0000-0000"],
        ["rotate-root", "--force"],
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(words: list[str], cast: Cast) -> None:
    document, code = keys_with_code(*words)
    assert code == document["exit_code"] == 2
    assert document["error"]


@pytest.mark.parametrize("subcommand", ["rewrap", "reencrypt"])
def test_moving_takes_every_value_to_the_active_key(subcommand: str, cast: Cast, stored: list[Secret]) -> None:
    before = [bytes(each.payload_envelope) for each in SecretVersion.objects.order_by("uid")]
    keys("rotate", "--org", "acme")
    (done,) = keys(subcommand, "--org", "acme")["operations"]
    assert (done["state"], done["done"], done["total"], done["failures"]) == ("done", MANY, MANY, [])
    assert states(cast.acme.key_scope) == ["retired", "active"]
    assert all_open(cast, stored)
    after = [bytes(each.payload_envelope) for each in SecretVersion.objects.order_by("uid")]
    kept = sum(old[77:] == new[77:] for old, new in zip(before, after, strict=True))
    assert kept == (MANY if subcommand == "rewrap" else 0)


def test_reencrypt_rotates_first_when_nothing_is_under_an_older_key(cast: Cast, stored: list[Secret]) -> None:
    (done,) = keys("reencrypt", "--org", "acme")["operations"]
    assert done["done"] == MANY
    assert states(cast.acme.key_scope) == ["retired", "active"]
    assert all_open(cast, stored)


def test_moving_says_in_the_log_when_it_began_and_what_it_did(cast: Cast, stored: list[Secret]) -> None:
    keys("rotate", "--org", "acme")
    newest = Event.objects.latest("id").id
    keys("rewrap", "--org", "acme")
    began, retired, done = Event.objects.filter(id__gt=newest, organization_id=cast.acme.uid).order_by("id")
    assert (began.action, retired.action, done.action) == ("key.rewrapping_started", "key.retired", "key.rewrapped")
    assert done.details["changed"] == MANY


def test_moving_goes_on_with_what_was_killed(cast: Cast, stored: list[Secret], monkeypatch: pytest.MonkeyPatch) -> None:
    from vault.custody.services import advance_operation, start_operation
    from vault.custody.services.authority import OPERATOR
    from vault.fields import rewrapping

    keys("rotate", "--org", "acme")
    real = rewrapping.advance
    monkeypatch.setattr(rewrapping, "advance", lambda *a, **k: real(*a, **{**k, "limit": 2}))
    operation = start_operation(
        actor=OPERATOR, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
    )
    operation = advance_operation(actor=OPERATOR, operation=operation, seconds=0)
    assert (operation.running, operation.done) == (True, 2)
    assert all_open(cast, stored)
    (done,) = keys("rewrap", "--org", "acme")["operations"]
    assert done["operation"] == str(operation.pk)
    assert done["done"] == MANY
    assert all_open(cast, stored)


def test_the_other_way_of_moving_is_refused_meanwhile(cast: Cast, stored: list[Secret]) -> None:
    from vault.custody.services import start_operation
    from vault.custody.services.authority import OPERATOR

    keys("rotate", "--org", "acme")
    start_operation(actor=OPERATOR, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    document, code = keys_with_code("reencrypt", "--org", "acme")
    assert code == 3
    assert "under way" in document["error"]


def test_authenticators_move_as_well(cast: Cast) -> None:
    device = authenticator_of(cast.bob)
    seed = device.key
    (done,) = keys("reencrypt", "--purpose", "totp")["operations"]
    assert done["done"] == 1
    device = type(device).objects.get(pk=device.pk)
    assert device.key == seed
    assert states(SYSTEM_SCOPE, Purpose.TOTP) == ["retired", "active"]


def test_a_value_that_does_not_open_stays_and_is_told(cast: Cast, stored: list[Secret]) -> None:
    keys("rotate", "--org", "acme")
    damaged = SecretVersion.objects.earliest("uid")
    content = bytearray(bytes(damaged.payload_envelope))
    content[-1] ^= 1
    content[50] ^= 1
    _overwrite(damaged, bytes(content))
    document, code = keys_with_code("rewrap", "--org", "acme")
    (done,) = document["operations"]
    assert code == 1
    assert (done["state"], done["done"], done["failed"]) == ("stopped", MANY - 1, 1)
    assert done["failures"][0]["table"] == SecretVersion._meta.db_table
    assert states(cast.acme.key_scope) == ["decrypt_only", "active"]
    document, code = keys_with_code("verify", "--org", "acme")
    assert code == 1
    assert (document["checked"], document["failed"]) == (MANY + 2, 1)
    assert Event.objects.latest("id").outcome == "failure"
    assert "canary" not in str(document)


def test_people_see_which_rows_do_not_open_and_how_many_more(
    cast: Cast, stored: list[Secret], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys("rotate", "--org", "acme")
    SecretVersion.objects.filter(secret__in=stored[:3]).update(number=77)
    uid = str(stored[0].uid).replace("-", "")
    said = _said_by("verify", "--all")
    assert f"secrets_secretversion.payload: {MANY} opened, 3 failed\n" in said
    rows = [line for line in said.splitlines() if line.startswith("  secrets_secretversion.payload, row ")]
    assert len(rows) == 3
    assert all(", version 77: " in line for line in rows)
    assert uid in said.replace("-", "")
    assert "more" not in said
    assert "canary" not in said
    monkeypatch.setattr("vault.custody.services.verifying.MOST_FAILURES", 2)
    assert "  and 1 more" in _said_by("verify", "--all")
    moved = _said_by("rewrap", "--org", "acme")
    assert moved.count("  secrets_secretversion.payload, row ") == 3


def _said_by(*words: str) -> str:
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("keys", *words, stdout=out, stderr=StringIO())
    assert failed.value.returncode == 1
    return out.getvalue()


def _overwrite(version: SecretVersion, content: bytes) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        uid = version.uid if connection.vendor == "postgresql" else version.uid.hex
        cursor.execute(f"UPDATE {SecretVersion._meta.db_table} SET payload = %s WHERE uid = %s", [content, uid])  # noqa: S608 - our own table


def test_verify_opens_everything(cast: Cast, stored: list[Secret]) -> None:
    document = keys("verify", "--all")
    assert document["failed"] == 0
    assert document["by_table"]["secrets_secretversion.payload"] == {"checked": MANY, "failed": 0}
    assert actions()[-1] == Action.KEY_VERIFIED
    assert keys("verify", "--sample", "3")["by_table"]["secrets_secretversion.payload"]["checked"] == 3
    assert keys("verify", "--sample", "9" * 30)["checked"] == MANY + WrappedKey.objects.count()


@pytest.mark.parametrize("number", ["0", "-5"])
def test_verify_takes_no_sample_of_nothing(cast: Cast, number: str) -> None:
    document, code = keys_with_code("verify", f"--sample={number}")
    assert (code, "--sample" in document["error"]) == (2, True)


def test_a_key_is_destroyed_only_when_it_is_retired_and_its_fingerprint_is_typed(
    cast: Cast, stored: list[Secret]
) -> None:
    keys("rotate", "--org", "acme")
    old = WrappedKey.objects.get(scope=cast.acme.key_scope, version=1)
    assert keys_with_code("destroy", old.fingerprint, "--confirm", old.fingerprint)[1] == 3
    keys("rewrap", "--org", "acme")
    assert keys_with_code("destroy", old.fingerprint)[1] == 3
    assert keys_with_code("destroy", old.fingerprint, "--confirm", "something else")[1] == 3
    assert states(cast.acme.key_scope) == ["retired", "active"]
    assert keys("destroy", old.fingerprint, "--confirm", old.fingerprint)["destroyed"]["state"] == "destroyed"
    assert keys("destroy", old.fingerprint)["destroyed"]["state"] == "destroyed"
    assert actions().count(Action.KEY_DESTROYED) == 1
    assert all_open(cast, stored)


def test_retire_leaves_what_is_needed(cast: Cast, stored: list[Secret]) -> None:
    keys("rotate", "--all")
    retired = {(key["scope"], key["purpose"]) for key in keys("retire", "--all")["retired"]}
    assert (cast.acme.key_scope, "data") not in retired
    assert (cast.initech.key_scope, "data") in retired
    assert (SYSTEM_SCOPE, "audit") not in retired


def test_a_sample_that_opens_does_not_make_up_for_what_did_not(cast: Cast, stored: list[Secret]) -> None:
    keys("verify", "--all")
    SecretVersion.objects.filter(secret=stored[0]).update(number=77)
    assert keys_with_code("verify", "--all")[1] == 1
    SecretVersion.objects.filter(secret=stored[0]).update(number=1)
    keys("verify", "--sample", "1")
    assert keys_with_code("status", "--check")[1] == 1
    keys("verify", "--all")
    keys("status", "--check")
