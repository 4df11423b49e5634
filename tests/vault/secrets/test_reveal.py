"""A value is shown after its event is committed, or not at all."""

import pickle
from collections.abc import Callable

import pytest
from django.db import transaction

from audit import services as audit
from audit.actions import Action
from audit.models import Event
from audit.services import EventNotWritten
from orgs.models import Environment, Grant, Membership
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.sealing import change
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.test_update import edit
from vault.crypto.errors import KeyUnavailable
from vault.keys.models import WrappedKey
from vault.secrets.errors import InTrash, NoCodeKey, UnknownField, UnknownVersion
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import RevealPurpose, download_file, reveal_secret, show_code, trash_secret


def test_it_gives_all_fields_in_the_order_of_the_form(cast: Cast, login: Secret) -> None:
    revealed = reveal_secret(actor=cast.bob, secret=login.pk)
    assert list(revealed) == ["username", "password", "url", "totp", "notes"]
    assert revealed["password"] == " with spaces "
    assert revealed["notes"] == "first line\nsecond line\n"


def test_it_gives_only_the_fields_asked_for(cast: Cast, login: Secret) -> None:
    assert dict(reveal_secret(actor=cast.bob, secret=login.pk, fields=["password"]).items()) == {
        "password": " with spaces "
    }


@pytest.mark.parametrize(
    ("purpose", "action"),
    [
        (RevealPurpose.REVEAL, Action.SECRET_REVEALED),
        (RevealPurpose.COPY, Action.SECRET_COPIED),
        (RevealPurpose.EDIT, Action.SECRET_REVEALED),
    ],
)
def test_it_writes_one_event_that_says_what_was_shown_under_which_key(
    cast: Cast, login: Secret, purpose: RevealPurpose, action: Action
) -> None:
    before = Event.objects.count()
    reveal_secret(actor=cast.bob, secret=login.pk, fields=["password"], purpose=purpose)
    assert Event.objects.count() == before + 1
    event = Event.objects.latest("id")
    assert event.action == action
    opened = Grant.objects.get(project=login.project_id)
    assert event.details == {
        "version": 1,
        "fields": ["password"],
        "purpose": purpose.value,
        "classification": "internal",
        "because": "Team passwords is open to every member as Member",
        "grant": str(opened.pk),
    }
    assert event.actor_id == str(cast.bob.pk)
    key = WrappedKey.objects.get(scope=cast.acme.key_scope, purpose="data")
    assert bytes(event.key_id or b"") == bytes(key.key_id)


def test_it_gives_an_earlier_version(cast: Cast, secret: Secret) -> None:
    edit(cast.alice, secret, {"value": "second"})
    assert reveal_secret(actor=cast.bob, secret=secret.pk)["value"] == "second"
    assert reveal_secret(actor=cast.bob, secret=secret.pk, version=1)["value"] == "sk_live_canary"
    assert Event.objects.latest("id").details["version"] == 1


@pytest.mark.parametrize("act", ["reveal", "code", "download"])
def test_it_shows_nothing_when_the_event_cannot_be_written(
    cast: Cast,
    login: Secret,
    store: StoreSecret,
    passwords: Environment,
    monkeypatch: pytest.MonkeyPatch,
    reads: list[bool],
    act: str,
) -> None:
    file = store("File", kind=Kind.FILE, environment=passwords, values={"filename": "a", "content": "AAAA"})
    monkeypatch.setattr(audit, "keyed_hash", _broken)
    before = Event.objects.count()
    doors: dict[str, tuple[Callable[..., object], Secret]] = {
        "reveal": (reveal_secret, login),
        "code": (show_code, login),
        "download": (download_file, file),
    }
    show, shown = doors[act]
    with pytest.raises(EventNotWritten):
        show(actor=cast.alice, secret=shown.pk)
    assert reads == []
    assert Event.objects.count() == before


def _broken(*args: object) -> bytes:
    raise KeyUnavailable(bytes(16))


@pytest.mark.django_db(transaction=True)
def test_it_decrypts_only_after_the_commit(transactional_cast: Cast, secret: Secret, reads: list[bool]) -> None:
    reveal_secret(actor=transactional_cast.alice, secret=secret.pk)
    assert reads == [False]


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_run_inside_a_transaction_that_could_be_undone(transactional_cast: Cast, secret: Secret) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        reveal_secret(actor=transactional_cast.alice, secret=secret.pk)


def test_it_asks_again_for_somebody_who_was_removed_meanwhile(cast: Cast, secret: Secret) -> None:
    fetched = Secret.objects.get(pk=secret.pk)  # the page was allowed
    change(Membership.objects.filter(user=cast.bob), status=Membership.Status.REMOVED)
    with pytest.raises(AccessDenied):
        reveal_secret(actor=cast.bob, secret=fetched.pk)
    assert not Event.objects.filter(action=Action.SECRET_REVEALED).exists()


@pytest.mark.parametrize("who", ["vera", "charlie", "sam"])
def test_it_is_for_those_who_may_reveal(cast: Cast, login: Secret, who: str) -> None:
    for act in (reveal_secret, show_code):
        with pytest.raises(AccessDenied):
            act(actor=getattr(cast, who), secret=login.pk)
    assert not Event.objects.filter(action__in=[Action.SECRET_REVEALED, Action.SECRET_CODE_SHOWN]).exists()


def test_it_opens_nothing_in_the_trash(cast: Cast, secret: Secret) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    with pytest.raises(InTrash):
        reveal_secret(actor=cast.alice, secret=secret.pk)


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_it_refuses_a_version_that_does_not_exist(cast: Cast, secret: Secret, number: int) -> None:
    with pytest.raises(UnknownVersion):
        reveal_secret(actor=cast.alice, secret=secret.pk, version=number)


def test_it_refuses_a_field_that_the_kind_does_not_have(cast: Cast, secret: Secret) -> None:
    with pytest.raises(UnknownField):
        reveal_secret(actor=cast.alice, secret=secret.pk, fields=["value", "password"])


def test_it_downloads_a_file_and_shows_none(
    cast: Cast, store: StoreSecret, passwords: Environment, secret: Secret
) -> None:
    file = store("File", kind=Kind.FILE, environment=passwords, values={"filename": "a.bin", "content": "AAECAw=="})
    assert list(reveal_secret(actor=cast.bob, secret=file.pk)) == ["filename"]
    with pytest.raises(UnknownField):
        reveal_secret(actor=cast.bob, secret=file.pk, fields=["content"])
    download = download_file(actor=cast.bob, secret=file.pk)
    assert (download.content, download.filename) == (b"\0\1\2\3", "a.bin")
    assert Event.objects.latest("id").action == Action.SECRET_DOWNLOADED
    with pytest.raises(UnknownField):
        download_file(actor=cast.bob, secret=secret.pk)


def test_it_has_no_code_without_a_key(cast: Cast, secret: Secret, login: Secret) -> None:
    edit(cast.alice, login, clear=["totp"])
    for each in (secret, login):
        with pytest.raises(NoCodeKey):
            show_code(actor=cast.alice, secret=each.pk)


def test_it_keeps_values_out_of_repr_and_pickles(cast: Cast, secret: Secret) -> None:
    revealed = reveal_secret(actor=cast.alice, secret=secret.pk)
    assert "canary" not in f"{revealed!r} {revealed}"
    with pytest.raises(TypeError):
        pickle.dumps(revealed)
