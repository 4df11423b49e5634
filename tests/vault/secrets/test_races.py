"""Two people at the same moment."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import connection

from accounts.models import User
from audit.actions import Action
from audit.models import Event
from orgs.models import Environment
from orgs.permissions import AccessDenied
from orgs.services import remove_member
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from tests.sealing import change
from tests.vault.secrets.test_update import edit
from vault.secrets.errors import Conflict, InTrash, NameTaken, PreviewOutdated
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import (
    create_secret,
    import_env,
    preview_env_import,
    purge_expired_trash,
    reveal_secret,
    trash_secret,
    untrash_secret,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_lets_one_of_two_edits_through_and_tells_the_other(transactional_cast: Cast, secret: Secret) -> None:
    cast = transactional_cast
    raised = in_parallel(
        lambda: edit(cast.alice, secret, {"value": "alice's"}), lambda: edit(cast.bob, secret, {"value": "bob's"})
    )
    assert [type(each) for each in raised if each] == [Conflict]
    assert Secret.objects.get().version == 2
    assert SecretVersion.objects.count() == 2
    assert Event.objects.filter(action=Action.SECRET_UPDATED).count() == 1


def test_it_makes_one_of_two_secrets_of_a_name(transactional_cast: Cast, development: Environment) -> None:
    cast = transactional_cast

    def make(actor: User) -> Secret:
        return create_secret(actor=actor, environment=development, kind=Kind.VALUE, name="SAME", values={"value": "v"})

    raised = in_parallel(*(lambda actor=actor: make(actor) for actor in (cast.alice, cast.adam, cast.bob)))
    assert [type(each) for each in raised if each] == [NameTaken, NameTaken]
    assert Secret.objects.count() == 1


def test_it_either_edits_or_trashes_first(transactional_cast: Cast, secret: Secret) -> None:
    cast = transactional_cast
    raised = in_parallel(
        lambda: trash_secret(actor=cast.alice, secret=secret), lambda: edit(cast.bob, secret, {"value": "bob's"})
    )
    assert raised[0] is None
    assert raised[1] is None or isinstance(raised[1], InTrash)
    now = Secret.objects.get()
    assert now.trashed_at is not None
    assert now.version == (1 if raised[1] else 2)


def test_it_imports_once_when_two_people_import_the_same(transactional_cast: Cast, development: Environment) -> None:
    cast = transactional_cast
    text = "A=1\nB=2\n"
    seals = {
        who: preview_env_import(actor=who, environment=development, text=text).seal for who in (cast.alice, cast.bob)
    }
    raised = in_parallel(
        *(
            lambda who=who, seal=seal: import_env(actor=who, environment=development, text=text, seal=seal)
            for who, seal in seals.items()
        )
    )
    assert Counter(type(each) for each in raised if each) == {PreviewOutdated: 1}
    assert Secret.objects.count() == SecretVersion.objects.count() == 2


def test_it_restores_from_the_trash_or_takes_the_name(
    transactional_cast: Cast, secret: Secret, development: Environment
) -> None:
    cast = transactional_cast
    trash_secret(actor=cast.alice, secret=secret)
    raised = in_parallel(
        lambda: untrash_secret(actor=cast.alice, secret=secret),
        lambda: create_secret(
            actor=cast.bob, environment=development, kind=Kind.VALUE, name=secret.name, values={"value": "v"}
        ),
    )
    assert [type(each) for each in raised if each] == [NameTaken]
    assert Secret.objects.filter(name=secret.name, trashed_at__isnull=True).count() == 1


def test_it_restores_from_the_trash_or_purges(transactional_cast: Cast, secret: Secret) -> None:
    cast = transactional_cast
    trash_secret(actor=cast.alice, secret=secret)
    change(Secret, trashed_at=datetime(2020, 1, 1, tzinfo=UTC))
    in_parallel(lambda: untrash_secret(actor=cast.alice, secret=secret), purge_expired_trash)
    left = Secret.objects.filter(pk=secret.pk).first()
    assert left is None or left.trashed_at is None
    assert SecretVersion.objects.count() == (0 if left is None else 1)


def test_it_shows_nothing_to_somebody_removed_after_the_page_was_allowed(
    transactional_cast: Cast, secret: Secret, reads: list[bool]
) -> None:
    cast = transactional_cast
    membership = cast.bob.memberships.get()
    allowed = Secret.objects.get(pk=secret.pk)
    remove_member(actor=cast.alice, membership=membership)
    with pytest.raises(AccessDenied):
        reveal_secret(actor=cast.bob, secret=allowed.pk)
    assert reads == []


def test_it_orders_a_removal_and_a_reveal(transactional_cast: Cast, secret: Secret) -> None:
    """Whichever is first: a value that was shown has its event before the removal's, and none comes after it."""
    cast = transactional_cast
    membership = cast.bob.memberships.get()
    raised = in_parallel(
        lambda: reveal_secret(actor=cast.bob, secret=secret.pk),
        lambda: remove_member(actor=cast.alice, membership=membership),
    )
    assert raised[1] is None
    reveals = Event.objects.filter(action=Action.SECRET_REVEALED)
    if raised[0] is None:
        assert reveals.count() == 1
        if connection.vendor == "postgresql":
            removal = Event.objects.get(action=Action.MEMBERSHIP_REMOVED)
            assert reveals.get().id < removal.id
    else:
        assert isinstance(raised[0], AccessDenied)
        assert not reveals.exists()
