"""What an event may say besides: names and numbers, never what people keep secret."""

from typing import Any

import pytest
from django.db import transaction

from audit.actions import Action, ResourceKind
from audit.actor import Actor
from audit.details import KEYS, MAX_ITEMS, UnfitDetail, UnknownDetail, checked_details
from audit.models import Event
from audit.resource import Resource
from audit.services import append

CANARY = "canary-7d1f-hunter2"


@pytest.mark.parametrize(
    "key",
    ["value", "values", "password", "old_password", "token", "secret", "private_key", "passphrase", "payload", "otp",
     "totp", "seed", "content", "plaintext", "cookie", "Value", "unheard_of", "", "fields ", "näme"],
)  # fmt: skip
def test_it_refuses_keys_that_are_not_listed_and_never_repeats_what_was_under_them(key: str) -> None:
    with pytest.raises(UnknownDetail) as refused:
        checked_details({key: CANARY})
    assert CANARY not in str(refused.value)


def test_it_lists_no_key_that_names_something_secret() -> None:
    for key in KEYS:
        assert not any(word in key for word in ("value", "password", "token", "secret", "private", "content")), key


@pytest.mark.parametrize(
    "fit", ["text", 7, -1, 0, True, None, ["a", "b"], ("a",), frozenset({"a"}), []], ids=lambda fit: type(fit).__name__
)
def test_it_takes_texts_numbers_and_lists_of_texts(fit: Any) -> None:
    stored = checked_details({"names": fit})["names"]
    assert stored == (list(fit) if isinstance(fit, list | tuple | frozenset) else fit)


@pytest.mark.parametrize(
    "unfit",
    [1.5, b"bytes", bytearray(b"x"), {"a": "b"}, [1], ["a", None], [["a"]], object()],
    ids=lambda unfit: type(unfit).__name__,
)
def test_it_refuses_everything_else_and_never_repeats_it(unfit: Any) -> None:
    with pytest.raises(UnfitDetail) as refused:
        checked_details({"names": unfit})
    assert str(refused.value).startswith("The detail 'names' is a ")


def test_it_keeps_a_long_list_within_bounds() -> None:
    assert len(checked_details({"names": ["x"] * 5000})["names"]) == MAX_ITEMS  # type: ignore[arg-type]


HOSTILE = "Bob\n2026-11-22 INFO forged line\r\x1b[2K\u202eevil\u0000"


@pytest.mark.django_db
def test_it_puts_every_text_on_one_line_without_hidden_characters() -> None:
    with transaction.atomic():
        pk = append(
            actor=Actor.anonymous(HOSTILE),
            action=Action.SIGN_IN_FAILED,
            resource=Resource(ResourceKind.SECRET, "x", HOSTILE),
            details={"name": HOSTILE, "names": [HOSTILE]},
        ).pk
    event = Event.objects.get(pk=pk)
    for text in (event.actor_label, event.resource_label, event.details["name"], event.details["names"][0]):
        assert text == "Bob�2026-11-22 INFO forged line��[2K�evil�"


@pytest.mark.django_db
def test_it_cuts_what_is_too_long() -> None:
    with transaction.atomic():
        pk = append(
            actor=Actor.anonymous("m" * 100_000),
            action=Action.SIGN_IN_FAILED,
            resource=Resource(ResourceKind.SECRET, "x", "ü" * 10_000),
            details={"name": "n" * 10_000},
        ).pk
    event = Event.objects.get(pk=pk)
    assert [len(text) for text in (event.actor_label, event.resource_label, event.details["name"])] == [254, 254, 254]
