"""What a person types on a page that asks for proof."""

from django.db import connection
from django.test import Client

from accounts.models import User
from tests.accounts.doors import code_of, wrong_code
from tests.cast import authenticator_of
from tests.statements import Statements
from vault.custody.models import KeyOperation
from vault.keys.models import WrappedKey

JSON = {"accept": "application/json"}


def right(user: User) -> dict[str, str]:
    """The code that the person's authenticator shows now."""
    return {"code": code_of(authenticator_of(user))}


def wrong(user: User) -> dict[str, str]:
    """Six digits that it does not show."""
    return {"code": wrong_code(authenticator_of(user))}


def key_states() -> list[tuple[str, str, int, str]]:
    """Every tenant key as scope, purpose, version and state."""
    return sorted(WrappedKey.objects.values_list("scope", "purpose", "version", "state"))


def queries(client: Client, url: str) -> int:
    """How often a page asks the database, without the counting of rows: one search of an index for each key."""
    with Statements(connection) as captured:
        assert client.get(url).status_code == 200
    return sum(not query["sql"].startswith("SELECT COUNT(*)") for query in captured.captured_queries)


def only_operation() -> KeyOperation:
    return KeyOperation.objects.get()
