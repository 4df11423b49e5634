"""Making the next version."""

from collections.abc import Mapping
from typing import Any

import pytest

from accounts.models import User
from audit.actions import Action
from audit.models import Event
from orgs.models import Environment
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.errors import Conflict, InTrash, NameTaken
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.payload import InvalidPayload
from vault.secrets.services import trash_secret, update_secret


def edit(actor: User, secret: Secret, values: Mapping[str, str] | None = None, **options: Any) -> Secret:
    given = {
        "base_version": secret.version,
        "name": secret.name,
        "description": secret.description,
        "tags": list(secret.tags.values_list("name", flat=True)),
        **options,
    }
    return update_secret(actor=actor, secret=secret, values=values or {}, **given)


def payload(secret: Secret) -> dict[str, str]:
    return dict(SecretVersion.objects.get(secret=secret, number=secret.version).payload)


def test_it_keeps_what_is_left_blank(cast: Cast, login: Secret) -> None:
    before = payload(login)
    saved = edit(cast.bob, login, {"password": "new", "username": ""})
    assert saved.version == 2
    assert payload(saved) == {**before, "password": "new"}


def test_it_says_which_fields_changed_and_who_did_it(cast: Cast, login: Secret) -> None:
    saved = edit(cast.bob, login, {"password": "new", "username": "postmaster"}, name="Mail", tags=["x"])
    version = SecretVersion.objects.get(secret=login, number=2)
    assert version.changed_fields == ["name", "tags", "password"]
    assert version.created_by == saved.updated_by == cast.bob
    event = Event.objects.get(action=Action.SECRET_UPDATED)
    assert event.details == {
        "version": 2, "changed_fields": ["name", "tags", "password"], "from": "Mail server", "to": "Mail",
    }  # fmt: skip


def test_it_leaves_the_earlier_version_as_it_was(cast: Cast, secret: Secret) -> None:
    before = SecretVersion.objects.get(secret=secret, number=1)
    edit(cast.bob, secret, {"value": "new"})
    after = SecretVersion.objects.get(secret=secret, number=1)
    assert bytes(after.payload_envelope) == bytes(before.payload_envelope)


def test_it_empties_a_field_that_is_cleared(cast: Cast, login: Secret) -> None:
    saved = edit(cast.alice, login, clear=["totp", "notes"])
    assert "totp" not in payload(saved)
    version = SecretVersion.objects.get(secret=login, number=2)
    assert version.changed_fields == ["totp", "notes"]
    assert "totp" not in version.field_names


def test_it_cannot_clear_what_is_needed(cast: Cast, login: Secret) -> None:
    with pytest.raises(InvalidPayload, match="Password is needed"):
        edit(cast.alice, login, clear=["password"])


def test_it_makes_no_version_when_nothing_differs(cast: Cast, login: Secret) -> None:
    saved = edit(cast.alice, login, {"password": " with spaces "})
    assert saved.version == 1
    assert not Event.objects.filter(action=Action.SECRET_UPDATED).exists()


def test_it_makes_a_version_of_an_edited_description(cast: Cast, secret: Secret) -> None:
    saved = edit(cast.alice, secret, description="What it is for")
    assert payload(saved) == {"value": "sk_live_canary"}
    assert SecretVersion.objects.get(secret=secret, number=2).changed_fields == ["description"]


def test_it_takes_line_ends_from_a_text_box_for_no_change(store: StoreSecret, cast: Cast) -> None:
    secret = store("KEY", "one\r\ntwo\r\n")
    assert edit(cast.alice, secret, {"value": "one\ntwo\n"}, from_browser=True).version == 1
    assert payload(secret) == {"value": "one\r\ntwo\r\n"}
    assert edit(cast.alice, secret, {"value": "one\ntwo\n"}).version == 2


def test_it_refuses_an_edit_of_an_older_version_and_says_what_came_between(cast: Cast, login: Secret) -> None:
    edit(cast.bob, login, {"password": "bob's", "notes": "bob's"})
    edit(cast.adam, Secret.objects.get(pk=login.pk), name="Renamed")
    with pytest.raises(Conflict) as raised:
        edit(cast.alice, login, {"username": "alice's"})
    assert raised.value.current == 3
    assert [(c.number, c.author, list(c.fields)) for c in raised.value.changes] == [
        (2, "Bob", ["Password", "Notes"]), (3, "Adam", ["Name"]),
    ]  # fmt: skip
    assert Secret.objects.get(pk=login.pk).version == 3
    assert "bob's" not in str(raised.value)


def test_it_refuses_a_name_that_is_taken(cast: Cast, store: StoreSecret, secret: Secret) -> None:
    store("OTHER")
    with pytest.raises(NameTaken):
        edit(cast.alice, secret, name="OTHER")


def test_it_finds_a_renamed_secret_by_its_new_name(cast: Cast, secret: Secret) -> None:
    saved = edit(cast.alice, secret, name="Zürich/KEY", description="Für die Straße", tags=["Eins"])
    assert saved.search_text == "zürich/key\nfür die strasse\neins"


def test_it_edits_nothing_in_the_trash(cast: Cast, secret: Secret) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    with pytest.raises(InTrash):
        edit(cast.alice, secret, {"value": "new"})


@pytest.mark.parametrize("who", ["vera", "charlie", "sam"])
def test_it_is_for_those_who_may_write(cast: Cast, secret: Secret, who: str) -> None:
    with pytest.raises(AccessDenied):
        edit(getattr(cast, who), secret, {"value": "new"})
    assert Secret.objects.get(pk=secret.pk).version == 1


def test_it_replaces_a_file_and_keeps_its_name(cast: Cast, store: StoreSecret, passwords: Environment) -> None:
    file = store("File", kind=Kind.FILE, environment=passwords, values={"filename": "a.bin", "content": "AAAA"})
    saved = edit(cast.alice, file, {"content": "BBBB"})
    assert payload(saved) == {"filename": "a.bin", "content": "BBBB"}
