"""The columns of keyed hashes: all of them are known, and making them known rewrote no table."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, models

from vault.keys.peppers import KeyedHashField, keyed_hash_fields
from vault.keys.purposes import Purpose


def test_every_column_of_keyed_hashes_is_known() -> None:
    named = {(field.model._meta.label_lower, field.name): field.purpose for field in keyed_hash_fields()}
    assert (
        named.items()
        >= {
            ("accounts.instance", "setup_mac"): Purpose.TOKEN,
            ("accounts.recoverycode", "mac"): Purpose.TOKEN,
            ("orgs.invitation", "token_mac"): Purpose.TOKEN,
            ("audit.event", "mac"): Purpose.AUDIT,
        }.items()
    )


@pytest.mark.parametrize("purpose", [Purpose.DATA, Purpose.TOTP, Purpose.SIGN])
def test_it_is_refused_for_keys_that_do_not_authenticate(purpose: Purpose) -> None:
    with pytest.raises(ValueError, match=f"A {purpose} key makes no keyed hashes"):
        KeyedHashField(purpose=purpose)


def test_in_the_database_it_is_a_column_of_bytes() -> None:
    assert KeyedHashField(purpose=Purpose.TOKEN).db_type(connection) == models.BinaryField(max_length=48).db_type(
        connection
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("app", "name"),
    [("accounts", "0002_keyed_hash_fields"), ("orgs", "0003_keyed_hash_field"), ("audit", "0003_keyed_hash_field")],
)
def test_no_table_was_rewritten_for_it(app: str, name: str) -> None:
    out = StringIO()
    call_command("sqlmigrate", app, name, stdout=out, no_color=True)
    statements = [line for line in out.getvalue().splitlines() if line and not line.startswith("--")]
    assert statements in ([], ["BEGIN;", "COMMIT;"])
