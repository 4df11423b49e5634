"""To the trash and back."""

import pytest

from audit.actions import Action
from audit.models import Event
from orgs.models import Environment
from orgs.permissions import AccessDenied
from orgs.services import delete_environment, delete_project
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.errors import InTrash, NameTaken, NotInTrash
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import reveal_secret, trash_secret, untrash_secret


def test_it_takes_a_secret_out_of_use_and_brings_it_back(cast: Cast, secret: Secret) -> None:
    trashed = trash_secret(actor=cast.bob, secret=secret)
    assert trashed.trashed_at is not None
    assert trashed.trashed_by == cast.bob
    restored = untrash_secret(actor=cast.bob, secret=secret)
    assert restored.trashed_at is None
    assert reveal_secret(actor=cast.bob, secret=restored.pk)["value"] == "sk_live_canary"
    actions = Event.objects.order_by("id").values_list("action", flat=True)
    assert list(actions)[-3:] == ["secret.trashed", "secret.untrashed", "secret.revealed"]


def test_it_refuses_to_do_either_twice(cast: Cast, secret: Secret) -> None:
    with pytest.raises(NotInTrash):
        untrash_secret(actor=cast.bob, secret=secret)
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(InTrash):
        trash_secret(actor=cast.bob, secret=secret)


def test_it_asks_for_another_name_when_the_old_one_is_taken(cast: Cast, store: StoreSecret, secret: Secret) -> None:
    trash_secret(actor=cast.bob, secret=secret)
    store("STRIPE_API_KEY", "the new one")
    with pytest.raises(NameTaken):
        untrash_secret(actor=cast.bob, secret=secret)
    assert Secret.objects.get(pk=secret.pk).trashed_at is not None
    restored = untrash_secret(actor=cast.bob, secret=secret, name="STRIPE_API_KEY_OLD")
    assert (restored.name, restored.version) == ("STRIPE_API_KEY_OLD", 2)
    assert SecretVersion.objects.get(secret=secret, number=2).changed_fields == ["name"]
    assert reveal_secret(actor=cast.bob, secret=restored.pk)["value"] == "sk_live_canary"
    assert Event.objects.get(action=Action.SECRET_UNTRASHED).details == {
        "version": 2, "from": "STRIPE_API_KEY", "to": "STRIPE_API_KEY_OLD",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["vera", "charlie", "sam"])
def test_it_is_for_those_who_may_delete(cast: Cast, secret: Secret, who: str) -> None:
    with pytest.raises(AccessDenied):
        trash_secret(actor=getattr(cast, who), secret=secret)
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(AccessDenied):
        untrash_secret(actor=getattr(cast, who), secret=secret)


def test_it_keeps_the_place_it_came_from(cast: Cast, secret: Secret, development: Environment) -> None:
    trash_secret(actor=cast.bob, secret=secret)
    with pytest.raises(Exception, match="trash"):
        delete_environment(actor=cast.alice, environment=development)
    with pytest.raises(Exception, match="trash"):
        delete_project(actor=cast.alice, project=development.project)
