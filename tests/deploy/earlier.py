"""An installation of an earlier release, with people and values in it: made by that release's code, and kept as rows.

    python -m tests.deploy.earlier make > tests/fixtures/earlier_release.json
    python -m tests.deploy.earlier load < tests/fixtures/earlier_release.json
    python -m tests.deploy.earlier use  < tests/fixtures/earlier_release.json

`make` runs on the code of the release, on a new SQLite database. `load` brings the database of the environment to the
tables of that release, and puts the rows in. `use` goes through the pages of today's
code, as the people of that installation do after the upgrade, and says on stdout what they saw. Programs of their own,
because they have a database and keys of their own.
"""

import json
import logging
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
logging.disable(logging.WARNING)
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up, as all that follows
from django.core.management import call_command  # noqa: E402
from django.core.management.commands import migrate  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

MADE_AT = datetime(2025, 6, 2, 12, tzinfo=UTC)
NEWCOMER = "newcomer@example.com"

# What migrations write themselves, and what is only a matter of the moment.
_LEFT_OUT = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "holdfast_cache", "keys_servingprocess"}
)


def make() -> dict[str, Any]:
    """Two organizations with all that there was, in tables of the release whose code this is."""
    import time_machine

    call_command(migrate.Command(), verbosity=0)
    with time_machine.travel(MADE_AT, tick=True):
        known = _fill()
    applied: dict[str, str] = {}
    for app, name in MigrationRecorder(connection).applied_migrations():
        applied[app] = max(name, applied.get(app, ""))
    assert settings.ROOT_KEY_FILE is not None
    root_key = settings.ROOT_KEY_FILE.read_text(encoding="ascii").splitlines()[-1]  # below its comments
    return {"migrations": applied, "root_key": root_key, **known, "tables": _dumped()}


def _fill() -> dict[str, Any]:
    from orgs.models import Organization, Project
    from orgs.roles import Role
    from orgs.services import create_project, invite_member, join_with_invitation, remove_member, revoke_invitation
    from tests.cast import PASSWORD, authenticator_of, make_cast, signed_in_client
    from vault.keys.services import ensure_system_keys
    from vault.secrets.kinds import Kind
    from vault.secrets.services import create_secret, trash_secret, update_secret

    ensure_system_keys()
    cast = make_cast()
    application, passwords = Project.Kind.APPLICATION, Project.Kind.PASSWORDS
    website = create_project(actor=cast.alice, organization=cast.acme, kind=application, name="Website")
    shared = create_project(actor=cast.alice, organization=cast.acme, kind=passwords, name="Shared")
    reports = create_project(actor=cast.charlie, organization=cast.initech, kind=application, name="Reports")

    def keep(actor: Any, project: Project, name: str, value: str) -> Any:
        place = project.environments.earliest("position")
        return create_secret(
            actor=actor, environment=place, kind=Kind.VALUE, name=name, values={"value": value}, tags=["backend"]
        )

    changed = keep(cast.bob, website, "DATABASE_URL", "the first")
    update_secret(
        actor=cast.bob, secret=changed, values={"value": "the second"}, base_version=1, name=changed.name,
        description="", tags=["backend"],
    )  # fmt: skip
    stored = {
        changed: "the second",
        keep(cast.alice, shared, "db/main", "of the team"): "of the team",
        keep(cast.charlie, reports, "REPORT_KEY", "of initech"): "of initech",
    }
    trash_secret(actor=cast.alice, secret=keep(cast.alice, website, "OLD", "in the trash"))

    def invite(email: str) -> Any:
        return invite_member(actor=cast.alice, organization=cast.acme, email=email, role=Role.MEMBER)

    def join(name: str) -> Any:
        invited = invite(f"{name.lower()}@example.com").invitation
        return join_with_invitation(invitation=invited, name=name, password=PASSWORD)

    join("Dana")
    remove_member(actor=cast.alice, membership=join("Rita"))
    revoke_invitation(actor=cast.alice, invitation=invite("nobody@example.com").invitation)
    people = (cast.alice, cast.bob, cast.vera, cast.charlie)
    return {
        "password": PASSWORD,
        "authenticators": {person.email: authenticator_of(person).key for person in people},
        "session": signed_in_client(cast.bob).cookies[settings.SESSION_COOKIE_NAME].value,
        "invitation": invite(NEWCOMER).link.partition("#")[2],
        "organizations": {each.name: str(each.pk) for each in Organization.objects.all()},
        "secrets": {
            secret.name: {"uid": str(secret.pk), "value": value, "organization": str(secret.organization_id)}
            for secret, value in stored.items()
        },
    }


def _dumped() -> dict[str, Any]:
    """Every row, as SQLite stores it; bytes as `{"hex": …}`."""
    tables: dict[str, Any] = {}
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as plain:  # without Django's ways to read cells
        for table in sorted(set(connection.introspection.table_names()) - _LEFT_OUT):
            found = plain.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of a table
            columns = [column[0] for column in found.description]
            rows = [[{"hex": cell.hex()} if isinstance(cell, bytes) else cell for cell in row] for row in found]
            if rows:
                tables[table] = {"columns": columns, "rows": rows}
    return tables


def load(kept: dict[str, Any]) -> None:
    """The tables of that release, by today's migrations as far as they were there, and its rows in them.

    An invitation and a session that were open are still open.
    """
    MigrationExecutor(connection).migrate(list(kept["migrations"].items()))
    later = (datetime.now(tz=UTC) + timedelta(days=3)).replace(tzinfo=None).isoformat(sep=" ")
    with transaction.atomic(), connection.cursor() as cursor:
        for table, found in kept["tables"].items():
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 - a name of a table, as below
            if cursor.fetchone() != (0,):
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608
            columns = ", ".join(map(connection.ops.quote_name, found["columns"]))
            values = ", ".join(["%s"] * len(found["columns"]))
            for row in found["rows"]:
                cursor.execute(f"INSERT INTO {name} ({columns}) VALUES ({values})", [_cell(cell) for cell in row])  # noqa: S608
        cursor.execute("UPDATE orgs_invitation SET expires_at = %s WHERE email = %s", [later, NEWCOMER])
        cursor.execute("UPDATE accounts_session SET expire_date = %s", [later])
        _count_on(cursor, [table for table, found in kept["tables"].items() if "id" in found["columns"]])


def _cell(cell: Any) -> Any:
    if isinstance(cell, dict):
        return bytes.fromhex(cell["hex"])
    # As text, PostgreSQL reads each as what its column is: SQLite has no booleans, uids or moments of its own.
    return str(cell) if isinstance(cell, int) and connection.vendor == "postgresql" else cell


def _count_on(cursor: Any, tables: list[str]) -> None:
    """The next number of each table comes after those that are in it. SQLite counts on by itself."""
    if connection.vendor == "postgresql":
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
            )


def use(kept: dict[str, Any]) -> dict[str, Any]:
    """What the people of the installation see: who is signed in, values, what is not theirs, the invitation."""
    setup_test_environment()
    seen: dict[str, Any] = {"values": {}, "refused": {}}
    old = Client()
    old.cookies[settings.SESSION_COOKIE_NAME] = kept["session"]
    seen["signed in from before"] = old.get(reverse("accounts:profile")).status_code == 200
    for email, key in kept["authenticators"].items():
        client = _signed_in(email, kept["password"], key)
        if client is None:
            seen["values"][email] = seen["refused"][email] = None
            continue
        answers = {name: _revealed(client, secret["uid"]) for name, secret in kept["secrets"].items()}
        seen["values"][email] = {name: said for name, (status, said) in answers.items() if status == 200}
        seen["refused"][email] = {name: status for name, (status, _) in answers.items() if status != 200}
    seen["newcomer"] = _joined(kept)
    return seen


def _signed_in(email: str, password: str, key: str) -> Client | None:
    from tests.accounts.doors import code_shown, enter_code, sign_in

    client = Client()
    sign_in(client, email, password)
    enter_code(client, code_shown(key))
    return client if client.get(reverse("accounts:profile")).status_code == 200 else None


def _revealed(client: Client, secret: str) -> tuple[int, str]:
    url = reverse("secrets:reveal", args=[secret])
    answer = client.post(url, {"field": "value"}, headers={"accept": "application/json"})
    shown = answer.json()["fields"] if answer.status_code == 200 else []
    return answer.status_code, "".join(field["value"] for field in shown)


def _joined(kept: dict[str, Any]) -> int:
    """The invitation that was sent before the upgrade is taken up: how many genuine memberships that makes."""
    from orgs.models import Membership
    from vault import tenancy
    from vault.seals import genuine, with_seal

    client = Client()
    client.post(reverse("orgs:join"), {"token": kept["invitation"]})
    client.post(reverse("orgs:join_account"), {"name": "Newcomer", "password": kept["password"]})
    with tenancy.within(UUID(kept["organizations"]["Acme"])):
        return len(genuine(with_seal(Membership.objects.filter(user__email=NEWCOMER, status="active"))))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        json.dump(make(), sys.stdout, separators=(",", ":"))
    elif sys.argv[1] == "load":
        load(json.load(sys.stdin))
    else:
        from tests.bench.people import uncollected_static_files

        with uncollected_static_files():
            json.dump(use(json.load(sys.stdin)), sys.stdout)
