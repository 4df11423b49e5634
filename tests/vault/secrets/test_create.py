"""Creating a secret."""

import pytest
from django.core.exceptions import ValidationError

from audit.actions import Action
from audit.models import Event
from orgs.models import Environment
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.errors import NameTaken, TooManyTags
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion, Tag
from vault.secrets.payload import InvalidPayload
from vault.secrets.services import create_secret, trash_secret


def test_it_makes_version_one_and_an_event_that_names_fields(
    store: StoreSecret, cast: Cast, passwords: Environment
) -> None:
    secret = store(
        "Mail",
        kind=Kind.LOGIN,
        environment=passwords,
        values={"username": "u", "password": "hunter2"},
        tags=["Mail", "prod"],
    )
    version = SecretVersion.objects.get(secret=secret)
    assert dict(version.payload) == {"username": "u", "password": "hunter2"}
    assert (secret.version, version.number, version.created_by) == (1, 1, cast.alice)
    assert version.field_names == version.changed_fields == ["username", "password"]
    assert [tag.name for tag in secret.tags.order_by("name")] == ["mail", "prod"]
    event = Event.objects.get(action=Action.SECRET_CREATED)
    assert event.details == {
        "kind": "login",
        "environment": "Default",
        "fields": ["username", "password"],
        "classification": "internal",
    }
    assert (event.resource_id, event.resource_label) == (str(secret.pk), "Mail")


def test_it_binds_the_value_to_its_secret_and_number(store: StoreSecret) -> None:
    one, other = store("ONE", "first"), store("OTHER", "second")
    foreign = SecretVersion.objects.get(secret=other).payload_envelope
    SecretVersion.objects.filter(secret=one).update(payload=foreign)
    with pytest.raises(Exception, match="does not open"):
        SecretVersion.objects.get(secret=one).payload  # noqa: B018 - reading it decrypts


def test_it_refuses_a_name_that_is_taken_letter_by_letter(store: StoreSecret) -> None:
    store("PATH")
    with pytest.raises(NameTaken, match="PATH"):
        store("PATH")
    assert store("Path").name == "Path"


def test_it_takes_a_name_from_the_trash_or_another_environment(
    store: StoreSecret, cast: Cast, development: Environment
) -> None:
    first = store("KEY")
    store("KEY", environment=development.project.environments.get(position=1))
    trash_secret(actor=cast.alice, secret=first)
    assert store("KEY").version == 1


def test_it_makes_a_tag_once_per_organization(store: StoreSecret, cast: Cast) -> None:
    store("A", tags=["Prod", "prod", " PROD "])
    store("B", tags=["prod"])
    assert Tag.objects.filter(organization=cast.acme).count() == 1


def test_it_takes_no_tag_of_another_organization(store: StoreSecret, cast: Cast, foreign: Environment) -> None:
    theirs = store("A", tags=["prod"], environment=foreign, actor=cast.charlie)
    assert [tag.organization for tag in store("A", tags=["prod"]).tags.all()] == [cast.acme]
    assert [tag.organization for tag in theirs.tags.all()] == [cast.initech]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\0b", "a\u202eb", "x" * 10_000, "\u200b"])
def test_it_refuses_names_that_cannot_be_read(store: StoreSecret, name: str) -> None:
    with pytest.raises(ValidationError, match="Name"):
        store(name)
    assert not Secret.objects.exists()


def test_it_refuses_too_many_tags(store: StoreSecret) -> None:
    with pytest.raises(TooManyTags, match="20"):
        store("A", tags=[f"tag{i}" for i in range(21)])


def test_it_refuses_a_payload_that_cannot_be_kept(store: StoreSecret) -> None:
    with pytest.raises(InvalidPayload, match="Password is needed"):
        store("A", kind=Kind.LOGIN, values={"username": "u"})


def test_it_keeps_an_empty_value(store: StoreSecret) -> None:
    secret = store("EMPTY", values={"value": ""})
    assert SecretVersion.objects.get(secret=secret).field_names == []


@pytest.mark.parametrize("who", ["vera", "charlie", "sam"])
def test_it_is_for_those_who_may_write(cast: Cast, development: Environment, who: str) -> None:
    with pytest.raises(AccessDenied):
        create_secret(
            actor=getattr(cast, who), environment=development, kind=Kind.VALUE, name="A", values={"value": "v"}
        )
    assert not Secret.objects.exists()
