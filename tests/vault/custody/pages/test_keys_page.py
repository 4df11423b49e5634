"""The inventory of an organization's keys: what there is, what is due, and never a key."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import Membership
from tests.cast import Cast
from tests.vault.custody.pages.proofs import queries
from vault.custody import services
from vault.custody.services.authority import OPERATOR
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


def page(client: Client, cast: Cast) -> str:
    answer = client.get(reverse("custody:keys", args=[cast.acme.uid]))
    assert answer.status_code == 200
    return answer.content.decode()


def active_key(cast: Cast) -> WrappedKey:
    return WrappedKey.objects.get(scope=cast.acme.key_scope, state=KeyState.ACTIVE)


def make_older(key: WrappedKey, days: int) -> None:
    WrappedKey.objects.filter(pk=key.pk).update(activated_at=timezone.now() - timedelta(days=days))


def rotate(cast: Cast) -> WrappedKey:
    return services.rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)


def test_it_shows_each_version_with_its_fingerprints_and_its_values(
    cast: Cast, client_for: ClientFor, stored: list[Secret]
) -> None:
    old, new = active_key(cast), rotate(cast)
    text = page(client_for(cast.adam), cast)
    for key in (old, new):
        assert f"Version {key.version}" in text
        assert key.fingerprint in text
    assert "Reads only" in text
    assert f">{len(stored)}</td>" in text


@pytest.mark.parametrize(("days", "said"), [(0, ""), (355, "Due soon"), (366, "Overdue")])
def test_it_says_what_is_due(cast: Cast, client_for: ClientFor, days: int, said: str) -> None:
    make_older(active_key(cast), days)
    text = page(client_for(cast.alice), cast)
    assert [badge for badge in ("Due soon", "Overdue") if badge in text] == ([said] if said else [])
    assert ("Rotation is" in text) == bool(said)


def test_it_never_shows_a_key(cast: Cast, client_for: ClientFor, stored: list[Secret]) -> None:
    text = page(client_for(cast.alice), cast)
    for key in WrappedKey.objects.all():
        assert bytes(key.wrapped).hex() not in text
        assert bytes(key.key_id).hex() not in text
    assert "canary" not in text


def test_it_leads_whoever_may_rotate_keys_there_and_nobody_else(cast: Cast, client_for: ClientFor) -> None:
    home, address = reverse("secrets:list", args=[cast.acme.uid]), reverse("custody:keys", args=[cast.acme.uid])
    for person, may in ((cast.alice, True), (cast.adam, True), (cast.bob, False), (cast.vera, False)):
        assert (address in client_for(person).get(home).content.decode()) is may


def test_it_asks_the_database_as_often_for_many_keys_as_for_few(
    cast: Cast, client_for: ClientFor, stored: list[Secret]
) -> None:
    client, url = client_for(cast.alice), reverse("custody:keys", args=[cast.acme.uid])
    rotate(cast)
    client.get(url)
    few = queries(client, url)
    for _ in range(10):
        rotate(cast)
    client.get(url)  # the rotations themselves are noticed once
    assert queries(client, url) == few
    assert few <= 27


def test_it_lets_owners_alone_destroy_the_keys(cast: Cast, client_for: ClientFor, second_owner: Membership) -> None:
    address = reverse("custody:shred", args=[cast.acme.uid])
    assert address in page(client_for(cast.alice), cast)
    assert address not in page(client_for(cast.adam), cast)


def test_it_says_that_it_takes_two_owners(cast: Cast, client_for: ClientFor) -> None:
    text = page(client_for(cast.alice), cast)
    assert "There is only one owner." in text
    assert reverse("custody:shred", args=[cast.acme.uid]) not in text


def test_it_moves_what_lies_under_older_keys(cast: Cast, client_for: ClientFor, stored: list[Secret]) -> None:
    client, address = client_for(cast.alice), reverse("custody:move", args=[cast.acme.uid])
    assert address not in page(client, cast)
    rotate(cast)
    assert f"{len(stored)} values lie under an older key" in page(client, cast)
    location = client.post(address)["Location"]
    assert address not in page(client, cast), "it is being done"
    client.post(f"{location}advance/")
    assert "All 7 values are under the new key." in client.get(location).content.decode()
    assert address not in page(client, cast)


def test_it_shows_retired_keys_apart_and_how_to_destroy_one(cast: Cast, client_for: ClientFor) -> None:
    assert "manage.py keys destroy" not in page(client_for(cast.alice), cast)
    rotate(cast)
    services.retire_unneeded(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    text = page(client_for(cast.alice), cast)
    assert "1 retired or destroyed key<" in text
    assert "manage.py keys destroy FINGERPRINT" in text


def test_it_shows_the_short_name_that_commands_take(cast: Cast, client_for: ClientFor) -> None:
    settings = client_for(cast.vera).get(reverse("orgs:settings", args=[cast.acme.uid])).content.decode()
    assert f"<code>{cast.acme.slug}</code>" in settings


def test_where_the_root_key_comes_from_is_for_those_who_look_after_the_instance(
    cast: Cast, client_for: ClientFor
) -> None:
    """It names files and services of the server, which are no affair of an organization on it."""
    source = "environment variable HOLDFAST_ROOT_KEY"
    assert cast.alice.is_instance_admin
    assert source in client_for(cast.alice).get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    assert source not in client_for(cast.adam).get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()


def test_keys_of_the_instance_are_on_no_page_of_an_organization(cast: Cast, client_for: ClientFor) -> None:
    """Nor are those of another organization; not even for who may see them elsewhere."""
    foreign = WrappedKey.objects.exclude(scope=cast.acme.key_scope)
    for user in (cast.adam, cast.alice):
        client = client_for(user)
        rotating = client.get(reverse("custody:rotate", args=[cast.acme.uid])).content.decode()
        text = page(client, cast) + rotating
        assert active_key(cast).fingerprint in text
        assert not [key for key in foreign if key.fingerprint in text]
