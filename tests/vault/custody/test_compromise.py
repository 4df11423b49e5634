"""The answer to a key that was seen."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import time_machine
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from tests.cast import Cast, authenticator_of
from tests.vault.custody.commands import keys, keys_with_code
from vault.crypto.notes import read_verifier_text, verify_note
from vault.crypto.rootkey import RootKey
from vault.custody import services
from vault.custody.errors import OperationUnderWay
from vault.custody.kinds import OperationKind, ReportKind
from vault.custody.models import KeyOperation, KeyReport
from vault.custody.services.authority import OPERATOR
from vault.keys import rootkeys
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import purge_secret, reveal_secret, trash_secret

pytestmark = pytest.mark.django_db


def states(scope: str, purpose: Purpose = Purpose.DATA) -> list[str]:
    return list(
        WrappedKey.objects.filter(scope=scope, purpose=purpose).order_by("version").values_list("state", flat=True)
    )


def test_it_leaves_no_value_under_the_old_key(cast: Cast, stored: list[Secret]) -> None:
    before = {bytes(each.payload_envelope) for each in SecretVersion.objects.all()}
    document = keys("compromise", "--org", "acme", "--yes")
    assert (document["moved"], document["left"]) == (7, 0)
    assert states(cast.acme.key_scope) == ["retired", "active"]
    after = {bytes(each.payload_envelope) for each in SecretVersion.objects.all()}
    assert not {each[77:] for each in before} & {each[77:] for each in after}
    assert reveal_secret(actor=cast.alice, secret=stored[3].pk)["value"] == "canary 3"


def test_it_lists_what_was_protected_and_who_opened_it(cast: Cast, stored: list[Secret]) -> None:
    for _ in range(3):
        reveal_secret(actor=cast.bob, secret=stored[0].pk)
    document = keys("compromise", "--org", "acme", "--yes")
    (acme,) = document["organizations"]
    assert (acme["secrets"], acme["versions"], acme["openings"]) == (7, 7, 3)
    (opened,) = acme["opened_by"]
    assert (opened["who"], opened["by_action"]) == ("bob@example.com", {"secret.revealed": 3})
    assert "NAME_3" in document["report_text"]
    assert "bob@example.com: 3 (secret.revealed 3)" in document["report_text"]
    assert "canary" not in str(document)


def test_it_counts_openings_since_a_date(cast: Cast, stored: list[Secret]) -> None:
    reveal_secret(actor=cast.bob, secret=stored[0].pk)
    since = timezone.now() + timedelta(days=2)
    with time_machine.travel(since + timedelta(days=1), tick=False):
        document = keys("compromise", "--org", "acme", "--yes", "--since", f"{since:%Y-%m-%d}")
    assert document["organizations"][0]["opened_by"] == []


@pytest.mark.parametrize(
    "since", ["2999-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-13-45"]
)
def test_it_refuses_a_date_since_which_nobody_can_have_opened_anything(cast: Cast, since: str) -> None:
    """Before anything is done: found out at the report, it would never come to its end."""
    document, code = keys_with_code("compromise", "--org", "acme", "--yes", "--since", since)
    assert code == 2
    assert "--since" in document["error"]
    assert not KeyOperation.objects.exists()


def test_it_lists_what_older_backups_have_besides(cast: Cast, stored: list[Secret]) -> None:
    trash_secret(actor=cast.alice, secret=stored[2])
    purge_secret(actor=cast.alice, secret=stored[2], confirmation="NAME_2")
    document = keys("compromise", "--org", "acme", "--yes")
    (acme,) = document["organizations"]
    assert (acme["secrets"], acme["purged"]) == (6, 1)
    assert "but in older backups: 1 secrets\n- NAME_2\n" in document["report_text"]


def test_its_report_is_signed(cast: Cast, stored: list[Secret], tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    document = keys("compromise", "--org", "acme", "--yes", "--output", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    note = file.read_text()
    assert note == document["report_text"] == KeyReport.objects.get().text
    verifier = read_verifier_text(document["verifier"])
    assert verify_note(note, name=verifier.name, public_key=verifier.public_key).startswith("Holdfast report")
    assert keys("verify-report", str(file))["valid"]
    assert keys("verify-report", str(file), "--key", document["verifier"])["valid"]
    file.write_text(note.replace("NAME_3", "NAME_9"))
    assert keys_with_code("verify-report", str(file))[1] == 1
    assert keys_with_code("verify-report", str(file), "--key", document["verifier"])[1] == 1
    assert keys_with_code("verify-report", str(file), "--key", "nonsense")[1] == 2


def test_its_report_verifies_after_the_signing_key_was_rotated(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    keys("compromise", "--org", "acme", "--yes", "--output", str(file))
    keys("rotate", "--purpose", "sign")
    assert keys("retire", "--purpose", "sign")["retired"] == []  # what it signed is out in the world
    assert states(SYSTEM_SCOPE, Purpose.SIGN) == ["decrypt_only", "active"]
    assert keys("verify-report", str(file))["valid"]


def test_it_says_so_in_the_log(cast: Cast, stored: list[Secret]) -> None:
    keys("compromise", "--org", "acme", "--yes")
    actions = list(Event.objects.filter(organization_id=cast.acme.uid).order_by("id").values_list("action", flat=True))
    assert actions[-7:] == [
        Action.KEY_COMPROMISE_DECLARED,
        Action.KEY_CREATED,
        Action.KEY_ROTATED,
        Action.KEY_REENCRYPTION_STARTED,
        Action.KEY_RETIRED,
        Action.KEY_REENCRYPTED,
        Action.KEY_COMPROMISE_ANSWERED,
    ]


def test_it_goes_on_wherever_it_was_killed(cast: Cast, stored: list[Secret]) -> None:
    operation = services.declare_compromise(actor=OPERATOR, scope=cast.acme.key_scope)
    while operation.running:
        again = services.declare_compromise(actor=OPERATOR, scope=cast.acme.key_scope)
        assert again.pk == operation.pk
        operation = services.advance_compromise(actor=OPERATOR, operation=again, seconds=0)
    assert operation.result["left"] == 0
    assert states(cast.acme.key_scope) == ["retired", "active"]
    assert KeyReport.objects.count() == 1
    assert KeyOperation.objects.filter(finished_at=None).count() == 0


def test_one_that_is_stopped_on_the_way_is_no_success(cast: Cast, stored: list[Secret]) -> None:
    """As by the owners, who destroy the keys meanwhile."""

    def stop(operation: KeyOperation) -> None:
        KeyOperation.objects.update(state="stopped", problem="The keys were destroyed meanwhile.")

    with patch("vault.custody.services.compromise._next_phase", side_effect=stop):
        document, code = keys_with_code("compromise", "--org", "acme", "--yes")
    assert code == 1
    assert "destroyed meanwhile" in document["error"]


def test_a_rewrapping_under_way_gives_way(cast: Cast, stored: list[Secret]) -> None:
    """What it moved keeps data keys that were seen."""
    from vault.fields import rewrapping

    keys("rotate", "--org", "acme")
    services.start_operation(actor=OPERATOR, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    rewrapping.advance(cast.acme.key_scope, Purpose.DATA, mode=rewrapping.Mode.REWRAP, limit=3)
    document = keys("compromise", "--org", "acme", "--yes")
    assert (document["moved"], document["left"]) == (7, 0)
    assert KeyOperation.objects.get(kind="rewrap").state == "stopped"


def test_a_compromised_root_key_replaces_every_key(cast: Cast, stored: list[Secret], next_root: RootKey) -> None:
    device = authenticator_of(cast.bob)
    seed = device.key
    before = rootkeys.wrapping_root_key()
    document = keys("compromise", "--root", "--yes")
    assert (document["moved"], document["left"]) == (8, 0)
    assert rootkeys.wrapping_root_key().key_id == next_root.key_id
    assert not WrappedKey.objects.filter(root_key_id=before.key_id).exists()
    assert not WrappedKey.objects.filter(next_root_key_id__isnull=False).exists()
    assert states(cast.acme.key_scope) == states(cast.initech.key_scope) == ["retired", "active"]
    assert {states(SYSTEM_SCOPE, purpose)[-1] for purpose in (Purpose.TOTP, Purpose.TOKEN, Purpose.SIGN)} == {"active"}
    assert type(device).objects.get(pk=device.pk).key == seed
    assert reveal_secret(actor=cast.alice, secret=stored[3].pk)["value"] == "canary 3"
    assert {(report.kind, report.organization_id) for report in KeyReport.objects.all()} == {
        (ReportKind.ROOT_COMPROMISE, each) for each in (None, cast.acme.uid, cast.initech.uid)
    }
    charlies = KeyReport.objects.get(organization_id=cast.initech.uid)
    assert "Acme" not in charlies.text
    assert "NAME_3" not in charlies.text


def test_in_the_middle_of_a_rotation_the_old_root_key_is_given_up(cast: Cast, next_root: RootKey) -> None:
    before = rootkeys.wrapping_root_key()
    keys("rotate-root")
    assert rootkeys.wrapping_root_key().key_id == next_root.key_id
    text = keys("compromise", "--root", "--yes")["report_text"]
    assert f"Root key given up: {before.fingerprint}\n" in text
    assert f"Root key that took over: {next_root.fingerprint}\n" in text


def test_the_instances_report_names_no_secret(cast: Cast, stored: list[Secret], next_root: RootKey) -> None:
    """Whoever looks after the instance may be a member of no organization."""
    reveal_secret(actor=cast.bob, secret=stored[0].pk)
    document = keys("compromise", "--root", "--yes")
    instances = KeyReport.objects.get(organization_id=None)
    assert instances.text == document["report_text"]
    for name in ("NAME_", "Website", "bob@example.com"):
        assert name not in instances.text
    assert "They protected: 7 secrets, 7 stored values" in instances.text
    assert "1 times, by 1 people" in instances.text
    owners = KeyReport.objects.get(organization_id=cast.acme.uid)
    assert "NAME_3" in owners.text
    assert "bob@example.com: 1 (secret.revealed 1)" in owners.text


def test_a_key_made_before_the_root_key_was_replaced_counts_as_seen(
    cast: Cast, stored: list[Secret], next_root: RootKey
) -> None:
    """The answer waits for processes that lack the next root key, for hours if need be, and people go on."""
    operation = services.declare_compromise(actor=OPERATOR, scope=None)
    made = services.rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    before = rootkeys.wrapping_root_key().key_id
    assert bytes(made.root_key_id) == before
    operation = services.advance_compromise(actor=OPERATOR, operation=operation)
    assert states(cast.acme.key_scope) == ["retired", "retired", "active"]
    assert made.fingerprint in KeyReport.objects.get(organization_id=None).text
    assert operation.total == operation.done == 7


def test_nothing_gets_a_new_wrapping_meanwhile(cast: Cast, stored: list[Secret], next_root: RootKey) -> None:
    """What an owner would move by a page keeps data keys that were seen, and then nothing is left to encrypt anew."""
    for scope in (cast.acme.key_scope, None):
        before = {bytes(each.payload_envelope)[77:] for each in SecretVersion.objects.all()}
        operation = services.declare_compromise(actor=OPERATOR, scope=scope)
        while operation.result["phase"] != "move":
            operation = services.advance_compromise(actor=OPERATOR, operation=operation, seconds=0)
        with pytest.raises(OperationUnderWay, match="anew instead"):
            services.start_operation(
                actor=cast.alice, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
            )
        services.advance_compromise(actor=OPERATOR, operation=operation)
        assert not before & {bytes(each.payload_envelope)[77:] for each in SecretVersion.objects.all()}


def test_a_compromised_root_key_needs_the_next_one(cast: Cast) -> None:
    document, code = keys_with_code("compromise", "--root", "--yes")
    assert code == 3
    assert "HOLDFAST_ROOT_KEY" in document["error"]
    assert not KeyOperation.objects.exists()


def test_it_asks_before_it_begins(cast: Cast) -> None:
    assert keys_with_code("compromise", "--org", "acme")[1] == 3
    assert not KeyOperation.objects.exists()


def test_who_may_not_rotate_may_not_declare_it(cast: Cast) -> None:
    from orgs.permissions import AccessDenied

    with pytest.raises(AccessDenied):
        services.declare_compromise(actor=cast.bob, scope=cast.acme.key_scope)
