"""Claiming a new instance: with the current link, in time, once."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Instance, User
from audit.models import Event
from orgs.errors import SetupRefused
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services import bootstrap_instance, claim_instance, create_setup_link
from orgs.services.setup import is_claimed
from tests.cast import PASSWORD, make_organization, make_person
from tests.orgs.parallel import in_parallel
from tests.sealing import change
from vault.keys.models import WrappedKey


def token_of(link: str) -> str:
    return link.rpartition("#")[2]


def claim(token: str, *, email: str = "olga@example.com", password: str = PASSWORD) -> Membership:
    return claim_instance(token=token, email=email, name="Olga", password=password, organization_name="Acme")


@pytest.mark.django_db
def test_it_makes_the_holder_of_the_link_owner_and_administrator() -> None:
    make_organization("Old", {Role.VIEWER: make_person("Vera")})  # whose owners are gone
    created = create_setup_link()
    assert created.link.startswith(f"{settings.BASE_URL}/setup/#")
    assert "#" not in repr(created)
    membership = claim(token_of(created.link))
    assert membership.role == Role.OWNER
    assert membership.user.is_instance_admin
    assert not membership.user.is_support
    key = WrappedKey.objects.get(scope=membership.organization.key_scope, purpose="data")
    event = Event.objects.get(action="instance.claimed")
    assert event.organization_id == membership.organization.uid
    assert event.key_id is not None
    assert bytes(event.key_id) == bytes(key.key_id)
    assert is_claimed()


@pytest.mark.django_db
def test_it_stores_no_token() -> None:
    token = token_of(create_setup_link().link)
    instance = Instance.objects.get()
    assert instance.setup_mac is not None
    assert token.encode() not in bytes(instance.setup_mac)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_it_refuses_another_token(token: str) -> None:
    create_setup_link()
    with pytest.raises(SetupRefused) as caught:
        claim(token)
    assert caught.value.status == 404
    assert not User.objects.exists()


@pytest.mark.django_db
def test_it_refuses_every_token_before_there_is_a_link() -> None:
    with pytest.raises(SetupRefused):
        claim("A" * 43)


@pytest.mark.django_db
def test_it_knows_only_the_newest_link() -> None:
    first, second = token_of(create_setup_link().link), token_of(create_setup_link().link)
    with pytest.raises(SetupRefused):
        claim(first)
    assert claim(second).role == Role.OWNER


@pytest.mark.django_db
def test_it_refuses_a_link_that_is_too_old() -> None:
    token = token_of(create_setup_link().link)
    late = timezone.now() + timedelta(hours=settings.SETUP_LINK_HOURS, seconds=1)
    with time_machine.travel(late), pytest.raises(SetupRefused) as caught:
        claim(token)
    assert caught.value.status == 410


@pytest.mark.django_db
def test_it_refuses_the_second_claimer_and_a_new_link() -> None:
    token = token_of(create_setup_link().link)
    claim(token)
    for again in (
        lambda: claim(token, email="mallory@example.com"),
        create_setup_link,
        lambda: bootstrap_instance(
            email="mallory@example.com", name="Mallory", password=PASSWORD, organization_name="Evil"
        ),
    ):
        with pytest.raises(SetupRefused) as caught:
            again()
        assert caught.value.status == 410
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_it_changes_nothing_when_the_password_is_refused() -> None:
    token = token_of(create_setup_link().link)
    with pytest.raises(ValidationError):
        claim(token, password="short")
    assert not User.objects.exists()
    assert not Organization.objects.exists()
    assert claim(token).role == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_it_has_one_owner_when_two_claim_at_once() -> None:
    token = token_of(create_setup_link().link)
    raised = in_parallel(lambda: claim(token, email="one@example.com"), lambda: claim(token, email="two@example.com"))
    assert [type(error) for error in raised if error] == [SetupRefused]
    assert User.objects.count() == 1
    assert Organization.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("left", ["the claim", "the owner"])
def test_it_stays_claimed_while_one_sign_of_it_is_left(left: str) -> None:
    """Neither a deleted membership nor an instance row from an old backup makes the vault claimable again."""
    token = token_of(create_setup_link().link)
    claim(token)
    assert Instance.objects.get().setup_mac is None
    if left == "the claim":
        Membership.objects.all().delete()
    else:
        change(Instance, claimed_at=None)
    assert is_claimed()
    for act in (lambda: claim(token, email="eve@example.com"), create_setup_link):
        with pytest.raises(SetupRefused) as caught:
            act()
        assert caught.value.status == 410
    assert not User.objects.filter(email_key="eve@example.com").exists()
