"""A name says which paths reach a secret; so nobody renames one to where they may do more to it than they might."""

import pytest

from accounts.models import User
from orgs.classification import Classification
from orgs.models import Environment
from orgs.permissions import AccessDenied, Permission, decide
from tests.cast import Cast
from tests.vault.secrets.classified import classify, demand
from tests.vault.secrets.conftest import Give, StoreSecret
from tests.vault.secrets.test_update import edit
from vault.secrets.models import Secret
from vault.secrets.services import trash_secret, untrash_secret

WRITING = (Permission.SECRET_LIST, Permission.SECRET_WRITE, Permission.SECRET_DELETE)


def opens(person: User, secret: Secret) -> bool:
    return decide(person, Permission.SECRET_REVEAL, Secret.objects.get(pk=secret.pk)).allowed


def test_who_writes_what_he_may_not_read_does_not_bring_it_to_where_he_reads(
    cast: Cast, store: StoreSecret, give: Give
) -> None:
    secret = store("sealed/A")
    give(cast.bob, "sealed", *WRITING)
    give(cast.bob, "mine", *WRITING, Permission.SECRET_REVEAL)
    with pytest.raises(AccessDenied, match="secret:reveal"):
        edit(cast.bob, secret, name="mine/A")
    assert not opens(cast.bob, secret)


def test_an_access_that_others_approved_is_not_stretched_by_a_name(
    cast: Cast, store: StoreSecret, give: Give, development: Environment
) -> None:
    demand(cast.acme, Classification.CRITICAL, approvals=1)
    classify(development, Classification.CRITICAL)
    secret = store("prod/root", environment=Environment.objects.get(pk=development.pk))
    give(cast.adam, "mine", Permission.SECRET_LIST, Permission.SECRET_REVEAL, approvals=1)
    with pytest.raises(AccessDenied, match="secret:reveal"):
        edit(cast.adam, secret, name="mine/root")
    assert not opens(cast.adam, secret)


def test_the_way_through_the_trash_is_no_other(cast: Cast, store: StoreSecret, give: Give) -> None:
    secret = store("sealed/A")
    give(cast.bob, "sealed", *WRITING)
    give(cast.bob, "mine", *WRITING, Permission.SECRET_REVEAL)
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(AccessDenied, match="secret:reveal"):
        untrash_secret(actor=cast.bob, secret=Secret.objects.get(pk=secret.pk), name="mine/A")
    assert untrash_secret(actor=cast.bob, secret=Secret.objects.get(pk=secret.pk)).name == "sealed/A"


def test_to_rename_on_the_way_back_takes_the_right_to_write_it_where_it_was(
    cast: Cast, store: StoreSecret, give: Give
) -> None:
    secret = store("sealed/A")
    give(cast.bob, "sealed", Permission.SECRET_LIST, Permission.SECRET_DELETE)
    give(cast.bob, "mine", Permission.SECRET_LIST, Permission.SECRET_WRITE)
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(AccessDenied, match="secret:write"):
        untrash_secret(actor=cast.bob, secret=Secret.objects.get(pk=secret.pk), name="mine/A")


def test_and_the_right_to_write_it_where_it_goes(cast: Cast, store: StoreSecret, give: Give) -> None:
    secret = store("sealed/A")
    give(cast.bob, "", Permission.SECRET_LIST, Permission.SECRET_DELETE)
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(AccessDenied, match="secret:write"):
        untrash_secret(actor=cast.bob, secret=Secret.objects.get(pk=secret.pk), name="mine/A")
    give(cast.bob, "sealed", Permission.SECRET_WRITE)
    with pytest.raises(AccessDenied, match="secret:write"):
        untrash_secret(actor=cast.bob, secret=Secret.objects.get(pk=secret.pk), name="mine/A")
    assert Secret.objects.get(pk=secret.pk).name == "sealed/A"


def test_an_edit_takes_the_right_to_write_it_where_it_goes(cast: Cast, store: StoreSecret, give: Give) -> None:
    secret = store("mine/A")
    give(cast.bob, "", Permission.SECRET_LIST)
    give(cast.bob, "mine", *WRITING)
    with pytest.raises(AccessDenied, match="secret:write"):
        edit(cast.bob, secret, name="sealed/A")


def test_nobody_acts_on_what_was_moved_out_of_their_reach_since_they_opened_it(
    cast: Cast, store: StoreSecret, give: Give
) -> None:
    opened = store("mine/A")
    give(cast.bob, "mine", *WRITING)
    edit(cast.alice, Secret.objects.get(pk=opened.pk), name="sealed/A")
    with pytest.raises(AccessDenied) as refused:
        trash_secret(actor=cast.bob, secret=opened)
    assert not refused.value.visible
    assert Secret.objects.get(pk=opened.pk).trashed_at is None


def test_who_may_do_as_much_before_renames(cast: Cast, store: StoreSecret, give: Give) -> None:
    secret = store("sealed/A")
    give(cast.bob, "sealed", *WRITING, Permission.SECRET_REVEAL)
    give(cast.bob, "mine", *WRITING)
    assert edit(cast.bob, secret, name="mine/A").name == "mine/A"
    assert edit(cast.bob, Secret.objects.get(pk=secret.pk), name="mine/B").name == "mine/B"


def test_what_ends_is_not_prolonged_by_a_name(cast: Cast, store: StoreSecret, give: Give) -> None:
    secret = store("sealed/A")
    give(cast.bob, "sealed", *WRITING, Permission.SECRET_REVEAL)
    give(cast.bob, "mine", *WRITING, Permission.SECRET_REVEAL, hours=2)
    with pytest.raises(AccessDenied, match="for longer"):
        edit(cast.bob, secret, name="mine/A")
