"""Destroying the keys of an organization."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from tests.cast import Cast, make_person
from tests.sealing import change
from tests.vault.custody.commands import keys, keys_with_code
from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import RootKey
from vault.custody import services
from vault.custody.errors import ConfirmationMismatch, KeysDestroyed, RootKeyRefused, ShredRefused
from vault.custody.models import KeyOperation, KeyReport, ShredRequest
from vault.custody.selectors import open_shred_request, shredded_at
from vault.custody.services import compromise, verifying
from vault.custody.services.authority import OPERATOR
from vault.keys import lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(cast: Cast, second_owner: Membership) -> ShredRequest:
    return services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")


def states(cast: Cast) -> set[str]:
    return set(WrappedKey.objects.filter(scope=cast.acme.key_scope).values_list("state", flat=True))


def test_two_owners_destroy_the_keys(
    cast: Cast, stored: list[Secret], request_: ShredRequest, second_owner: Membership
) -> None:
    services.approve_shred(actor=second_owner.user, request=request_)
    assert states(cast) == {"destroyed"}
    with pytest.raises(CryptoError):
        reveal_secret(actor=cast.alice, secret=stored[0].pk)
    actions = list(Event.objects.filter(organization_id=cast.acme.uid).order_by("id").values_list("action", flat=True))
    assert actions[-3:-1] == [Action.KEY_SHRED_REQUESTED, Action.KEY_SHREDDED]
    assert "destroyed" in KeyReport.objects.get(organization_id=cast.acme.uid).text


def test_in_the_middle_of_a_root_rotation_both_wrappings_go(
    cast: Cast, request_: ShredRequest, second_owner: Membership, next_root: RootKey
) -> None:
    services.rotate_root(actor=OPERATOR)
    assert WrappedKey.objects.filter(scope=cast.acme.key_scope, next_wrapped__isnull=False).exists()
    services.approve_shred(actor=second_owner.user, request=request_)
    for key in WrappedKey.objects.filter(scope=cast.acme.key_scope):
        assert (bytes(key.wrapped), key.next_wrapped, key.next_root_key_id) == (b"", None, None)


def test_it_needs_another_owner(cast: Cast, request_: ShredRequest) -> None:
    with pytest.raises(ShredRefused, match="whoever asked cannot approve"):
        services.approve_shred(actor=cast.alice, request=request_)
    for person in (cast.adam, cast.bob, cast.charlie):
        with pytest.raises(AccessDenied):
            services.approve_shred(actor=person, request=request_)
    assert states(cast) == {"active"}


def test_an_approval_counts_who_is_active_now_and_not_at_the_request(
    cast: Cast, request_: ShredRequest, second_owner: Membership
) -> None:
    """The person was loaded for the request, which may have waited for the lock since."""
    approver = second_owner.user
    change(type(approver).objects.filter(pk=approver.pk), is_active=False)
    with pytest.raises(AccessDenied):
        services.approve_shred(actor=approver, request=request_)
    assert states(cast) == {"active"}


def test_nobody_but_an_owner_asks_and_only_where_there_is_another(cast: Cast) -> None:
    for person in (cast.adam, cast.bob, cast.charlie):
        with pytest.raises(AccessDenied):
            services.request_shred(actor=person, organization=cast.acme, confirmation="Acme")
    with pytest.raises(ShredRefused, match="only one"):
        services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")


def test_the_name_is_typed(cast: Cast, second_owner: Membership) -> None:
    with pytest.raises(ConfirmationMismatch):
        services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="acme")


def test_it_expires_after_a_day(cast: Cast, request_: ShredRequest, second_owner: Membership) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        with pytest.raises(ShredRefused, match="older than a day"):
            services.approve_shred(actor=second_owner.user, request=request_)
        services.request_shred(actor=second_owner.user, organization=cast.acme, confirmation="Acme")
    assert states(cast) == {"active"}


def test_any_owner_cancels_it(cast: Cast, request_: ShredRequest, second_owner: Membership) -> None:
    with pytest.raises(AccessDenied):
        services.cancel_shred(actor=cast.adam, request=request_)
    services.cancel_shred(actor=second_owner.user, request=request_)
    with pytest.raises(ShredRefused, match="cancelled"):
        services.approve_shred(actor=second_owner.user, request=request_)
    assert states(cast) == {"active"}


def test_who_asked_must_still_be_an_owner(cast: Cast, request_: ShredRequest, second_owner: Membership) -> None:
    change(Membership.objects.filter(organization=cast.acme, user=cast.alice), role=Role.ADMIN)
    with pytest.raises(ShredRefused, match="not an active owner"):
        services.approve_shred(actor=second_owner.user, request=request_)
    assert states(cast) == {"active"}


def test_the_operator_carries_out_what_two_owners_agreed_on_and_nothing_else(
    cast: Cast, second_owner: Membership
) -> None:
    assert keys_with_code("shred", "--org", "acme", "--confirm", "Acme")[1] == 3
    request = services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    document, code = keys_with_code("shred", "--org", "acme", "--confirm", "Acme")
    assert code == 3
    assert "another owner" in document["error"]
    services.approve_shred(actor=second_owner.user, request=request, execute=False)
    assert states(cast) == {"active"}
    assert keys_with_code("shred", "--org", "acme")[1] == 3
    assert keys_with_code("shred", "--org", "acme", "--confirm", "Initech")[1] == 3
    assert states(cast) == {"active"}
    done = keys("shred", "--org", "acme", "--confirm", "Acme")
    assert states(cast) == {"destroyed"}
    assert keys("shred", "--org", "acme") == done
    assert Event.objects.filter(action=Action.KEY_SHREDDED).count() == 1


def test_the_organization_never_gets_keys_again(cast: Cast, request_: ShredRequest, second_owner: Membership) -> None:
    services.approve_shred(actor=second_owner.user, request=request_)
    with pytest.raises(KeysDestroyed):
        services.rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    assert all(key["scope"] != cast.acme.key_scope for key in keys("rotate", "--all")["rotated"])
    assert keys_with_code("rotate", "--org", "acme")[1] == 3
    assert states(cast) == {"destroyed"}
    assert keys("verify", "--all")["problem"] == ""


def test_what_is_destroyed_is_neither_asked_for_nor_agreed_to_again(
    cast: Cast, request_: ShredRequest, second_owner: Membership
) -> None:
    services.approve_shred(actor=second_owner.user, request=request_)
    with pytest.raises(KeysDestroyed):
        services.approve_shred(actor=second_owner.user, request=request_)
    with pytest.raises(KeysDestroyed):
        services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    assert Event.objects.filter(action=Action.KEY_SHREDDED).count() == 1


def test_one_request_is_open_at_a_time_until_it_ends(
    cast: Cast, request_: ShredRequest, second_owner: Membership
) -> None:
    assert open_shred_request(cast.acme) == request_
    with pytest.raises(ShredRefused, match="already"):
        services.request_shred(actor=second_owner.user, organization=cast.acme, confirmation="Acme")
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        assert open_shred_request(cast.acme) is None
    services.cancel_shred(actor=cast.alice, request=request_)
    assert open_shred_request(cast.acme) is None
    again = services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    services.approve_shred(actor=second_owner.user, request=again)
    assert open_shred_request(cast.acme) is None


def test_keys_are_destroyed_by_a_request_that_was_carried_out_alone(
    cast: Cast, request_: ShredRequest, second_owner: Membership
) -> None:
    operation = KeyOperation(scope="")
    assert shredded_at(cast.acme.uid) is None
    assert (cast.acme.key_scope, Purpose.DATA) in compromise._targets(operation)
    services.approve_shred(actor=second_owner.user, request=request_)
    ended = timezone.now() + timedelta(hours=1)
    ShredRequest.objects.create(
        organization=cast.acme, requested_by=cast.alice, requested_at=ended, expires_at=ended, cancelled_at=ended
    )
    assert shredded_at(cast.acme.uid) is not None
    assert (cast.acme.key_scope, Purpose.DATA) not in compromise._targets(operation)


def test_a_verification_names_keys_that_ended_without_an_agreement(cast: Cast, request_: ShredRequest) -> None:
    lifecycle.destroy_scope(cast.acme.key_scope)
    assert verifying._destroyed_by_nobody() == [cast.acme.slug]


def test_the_operator_carries_out_nothing_for_people_who_own_it_no_longer(
    cast: Cast, request_: ShredRequest, second_owner: Membership
) -> None:
    services.approve_shred(actor=second_owner.user, request=request_, execute=False)
    change([second_owner], role=Role.ADMIN)
    with pytest.raises(ShredRefused, match="not an active owner"):
        services.execute_shred(actor=OPERATOR, organization=cast.acme, confirmation="Acme")
    assert states(cast) == {"active"}


def test_the_operator_carries_out_nothing_that_nobody_agreed_to(cast: Cast, second_owner: Membership) -> None:
    for _ in range(2):
        with pytest.raises(ShredRefused, match="Two owners must agree"):
            services.execute_shred(actor=OPERATOR, organization=cast.acme, confirmation="Acme")
        if open_shred_request(cast.acme) is None:
            services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    assert states(cast) == {"active"}


def test_a_third_owner_stands_in_for_nobody(cast: Cast, request_: ShredRequest, second_owner: Membership) -> None:
    Membership.objects.create(organization=cast.acme, user=make_person("Otto"), role=Role.OWNER)
    change(Membership.objects.filter(organization=cast.acme, user=cast.alice), role=Role.ADMIN)
    with pytest.raises(ShredRefused, match="not an active owner"):
        services.approve_shred(actor=second_owner.user, request=request_)
    assert states(cast) == {"active"}


def test_nobody_answers_a_compromised_root_key_in_person(cast: Cast, next_root: RootKey) -> None:
    with pytest.raises(RootKeyRefused, match="on the server"):
        services.declare_compromise(actor=cast.alice, scope=None)
    assert not KeyOperation.objects.exists()
