"""Shares of the root key, and their holders."""

import io
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from audit.actions import Action
from audit.models import Event
from audit.services import EventNotWritten
from tests.cast import Cast
from tests.vault.custody.commands import keys, keys_with_code
from vault.crypto.rootkey import RootKey
from vault.crypto.shares import combine
from vault.custody import services
from vault.custody.errors import ShareRefused
from vault.custody.models import EscrowSet, EscrowShare
from vault.custody.selectors import escrow_state
from vault.custody.services.authority import OPERATOR
from vault.keys import rootkeys

pytestmark = pytest.mark.django_db


def test_any_three_of_five_rebuild_the_root_key(cast: Cast) -> None:
    made = services.split_root_key(actor=cast.alice)
    rebuilt = RootKey.from_text(combine([made.shares[i] for i in (4, 1, 3)]))
    assert rebuilt.key_id == rootkeys.wrapping_root_key().key_id
    event = Event.objects.latest("id")
    assert (event.action, event.details["shares"], event.details["threshold"]) == (Action.ROOT_KEY_SPLIT, 5, 3)


def test_no_word_of_a_share_is_stored_or_shown(cast: Cast) -> None:
    made = services.split_root_key(actor=cast.alice)
    assert "redacted" in repr(made)
    for share, words in zip(EscrowShare.objects.order_by("index"), made.shares, strict=True):
        assert words.encode() not in bytes(share.mac)
        assert len(bytes(share.mac)) == 48
    assert not any(word in str(Event.objects.latest("id").details) for word in made.shares[0].split())


def test_a_holder_confirms_a_share(cast: Cast) -> None:
    made = services.split_root_key(actor=cast.alice)
    assert escrow_state().confirmed == 0
    share = services.confirm_share(actor=cast.alice, words=f"  {made.shares[2].upper()} ")
    assert (share.index, share.escrow) == (3, made.escrow)
    assert [each.confirmed_at is not None for each in escrow_state().shares] == [False, False, True, False, False]
    event = Event.objects.latest("id")
    assert (event.action, event.details["index"]) == (Action.ROOT_KEY_SHARE_CONFIRMED, 3)


def test_what_is_no_share_is_refused_by_the_number_of_its_word(cast: Cast) -> None:
    words = services.split_root_key(actor=cast.alice).shares[0].split()
    with pytest.raises(ShareRefused, match="word 12") as refused:
        services.confirm_share(actor=cast.alice, words=" ".join([*words[:11], "xylophone", *words[12:]]))
    assert "xylophone" not in str(refused.value)


def test_a_share_of_another_instance_is_refused(cast: Cast) -> None:
    made = services.split_root_key(actor=cast.alice)
    EscrowSet.objects.all().delete()
    with pytest.raises(ShareRefused, match="no set"):
        services.confirm_share(actor=cast.alice, words=made.shares[0])


def test_new_shares_take_the_place_of_the_ones_before(cast: Cast) -> None:
    old = services.split_root_key(actor=cast.alice)
    new = services.split_root_key(actor=cast.alice, shares=3, threshold=2)
    assert escrow_state().current == new.escrow
    assert EscrowSet.objects.get(pk=old.escrow.pk).replaced_at is not None


def test_another_root_key_is_not_covered(cast: Cast, next_root: RootKey) -> None:
    services.split_root_key(actor=cast.alice)
    assert escrow_state().covered
    services.rotate_root(actor=OPERATOR)
    assert not escrow_state().covered


def test_it_is_for_instance_administrators(cast: Cast) -> None:
    made = services.split_root_key(actor=cast.alice)
    with pytest.raises(PermissionDenied):
        services.split_root_key(actor=cast.charlie)
    with pytest.raises(PermissionDenied):
        services.confirm_share(actor=cast.charlie, words=made.shares[0])


@pytest.mark.parametrize("numbers", [("1", "1"), ("5", "6"), ("17", "3"), ("5", "1")])
def test_numbers_that_cannot_be_are_wrong_usage(numbers: tuple[str, str], cast: Cast) -> None:
    assert keys_with_code("split", "--shares", numbers[0], "--threshold", numbers[1])[1] == 2
    assert not EscrowSet.objects.exists()


def test_split_prints_no_share_where_there_is_no_terminal(cast: Cast) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="terminal") as refused:
        call_command("keys", "split", stdout=out, stderr=io.StringIO())
    assert refused.value.returncode == 3
    assert out.getvalue() == ""
    assert not EscrowSet.objects.exists()


def test_split_asks_before_it_replaces_shares(cast: Cast) -> None:
    keys("split")
    assert keys_with_code("split")[1] == 3
    assert EscrowSet.objects.count() == 1
    keys("split", "--yes")
    assert EscrowSet.objects.count() == 2


def test_escrow_check_says_which_share_it_is_and_whether_it_is_current(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keys("split")["shares"]

    def check(words: str) -> tuple[dict[str, Any], int]:
        monkeypatch.setattr("sys.stdin", io.StringIO(words + "\n"))
        return keys_with_code("escrow-check")

    document, code = check(first[1])
    assert (code, document["index"], document["shares"], document["threshold"], document["current"]) == (
        0,
        2,
        5,
        3,
        True,
    )
    assert not any(word in str(document).split() for word in first[1].split())
    keys("split", "--yes")
    document, code = check(first[1])
    assert (code, document["current"]) == (1, False)
    document, code = check(" ".join(["academic"] * 33))
    assert code == 1
    assert "academic" not in document["error"]


def test_what_goes_wrong_takes_no_word_with_it(cast: Cast) -> None:
    """An error keeps the frames it passed through; none of them may keep a share or the root key."""
    broken = patch("vault.custody.services.escrow.append", side_effect=EventNotWritten)
    with broken, pytest.raises(EventNotWritten) as failed:
        services.split_root_key(actor=cast.alice)
    assert not EscrowSet.objects.exists()
    kept = []
    walked = failed.value.__traceback__
    while walked is not None:
        if walked.tb_frame.f_code.co_filename != __file__:
            kept.append(repr(dict(walked.tb_frame.f_locals)))
        walked = walked.tb_next
    assert kept
    assert not any("academic" in text or "hfroot1-" in text for text in kept)


def test_a_share_is_not_given_up_before_enough_newer_ones_were_read_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who splits can be interrupted before anybody has written a word down."""
    old, new = keys("split")["shares"], keys("split", "--yes")["shares"]

    def said() -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(old[0] + "\n"))
        out = io.StringIO()
        with pytest.raises(CommandError) as refused:
            call_command("keys", "escrow-check", stdout=out, stderr=io.StringIO())
        return str(refused.value)

    assert "Keep this one" in said()
    for share in new[:3]:
        assert "Keep this one" in said()
        services.confirm_share(actor=OPERATOR, words=share)
    assert "destroy it" in said()
