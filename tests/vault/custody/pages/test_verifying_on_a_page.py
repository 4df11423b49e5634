"""Opening everything from a page: piece by piece, with what does not open listed and nothing shown."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from orgs.permissions import AccessDenied
from tests.cast import Cast, authenticator_of
from tests.vault.custody.pages.proofs import JSON, only_operation
from vault.custody import services
from vault.custody.kinds import OperationState
from vault.custody.services import verifying_in_parts
from vault.custody.services.authority import OPERATOR, InstanceAdministratorsOnly
from vault.fields import verification
from vault.fields.verification import Part, Position
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import create_secret

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "PART", 2)


def damage(secret: Secret) -> None:
    """Flips the last byte of the first version's value, as a failing disk would."""
    version = SecretVersion.objects.get(secret=secret, number=1)
    stored = bytes(version.payload_envelope)
    SecretVersion.objects.filter(pk=version.pk).update(
        payload=type(version.payload_envelope)(stored[:-1] + bytes([stored[-1] ^ 1]))
    )


def test_it_opens_every_value_of_the_organization(cast: Cast, client_for: ClientFor, stored: list[Secret]) -> None:
    client = client_for(cast.adam)
    answer = client.post(reverse("custody:verify", args=[cast.acme.uid]))
    operation = only_operation()
    assert answer["Location"] == reverse("custody:operation", args=[cast.acme.uid, operation.uid])
    advance = reverse("custody:advance", args=[cast.acme.uid, operation.uid])
    progress = client.post(advance, headers=JSON).json()
    assert progress["sentence"] == f"All {len(stored) + 1} values and keys open."
    [event] = Event.objects.filter(action="key.verified")
    assert (event.outcome, event.details["checked"], event.details["failed"]) == ("success", len(stored) + 1, 0)
    keys = client.get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    assert "Everything opens" in keys
    assert "canary" not in keys


def test_it_lists_what_does_not_open_and_leads_there(cast: Cast, client_for: ClientFor, stored: list[Secret]) -> None:
    damage(stored[3])
    client = client_for(cast.alice)
    page = client.post(reverse("custody:verify", args=[cast.acme.uid]))["Location"]
    client.post(reverse("custody:advance", args=[cast.acme.uid, only_operation().uid]))
    text = client.get(page).content.decode()
    assert "1 of 8 values and keys did not open." in text
    assert reverse("secrets:version", args=[stored[3].uid, 1]) in text
    assert "NAME_3" in text
    assert "NAME_2" not in text
    assert Event.objects.get(action="key.verified").outcome == "failure"


@pytest.mark.usefixtures("_small_parts")
def test_it_goes_on_where_the_last_piece_ended(cast: Cast, stored: list[Secret]) -> None:
    operation = services.start_verification(actor=cast.alice, scope=cast.acme.key_scope)
    done = []
    while operation.running:
        operation = services.advance_verification(actor=cast.alice, operation=operation, seconds=0)
        done.append(operation.done)
    assert done == [1, 3, 5, 7, 8]  # the tenant key, then two values at a time
    assert operation.result["failed"] == 0
    assert "position" not in operation.result


@pytest.mark.usefixtures("_small_parts")
def test_it_opens_each_value_once_whatever_comes_in_meanwhile(cast: Cast, stored: list[Secret]) -> None:
    operation = services.start_verification(actor=OPERATOR)
    total = operation.total
    place, kind = stored[0].environment, Kind(stored[0].kind)
    for number in range(30):
        if number == 2:
            create_secret(actor=cast.alice, environment=place, kind=kind, name="LATER", values={"value": "later"})
        operation = services.advance_verification(actor=OPERATOR, operation=operation, seconds=0)
    assert not operation.running
    assert operation.done in {total, total + 1}
    assert operation.result["failed"] == 0


def test_it_begins_none_beside_the_one_that_is_under_way(cast: Cast, stored: list[Secret]) -> None:
    first = services.start_verification(actor=cast.alice, scope=cast.acme.key_scope)
    assert services.start_verification(actor=cast.adam, scope=cast.acme.key_scope) == first


@pytest.mark.usefixtures("_small_parts")
def test_it_counts_nothing_twice_when_two_do_the_same_part(
    cast: Cast, stored: list[Secret], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first opens the values of a part, a second one does this part."""
    operation = services.start_verification(actor=OPERATOR, scope=cast.acme.key_scope)
    first = [True]

    def meanwhile(scope: str | None, position: Position) -> Part:
        if first:
            first.clear()
            services.advance_verification(actor=OPERATOR, operation=operation, seconds=0)
        return verification.verify_part(scope, position)

    monkeypatch.setattr(verifying_in_parts, "verify_part", meanwhile)
    again = services.advance_verification(actor=OPERATOR, operation=operation)
    assert not first
    assert (again.state, again.done) == (OperationState.DONE, len(stored) + 1)
    assert Event.objects.filter(action="key.verified").count() == 1


def test_it_decides_who_may(cast: Cast) -> None:
    with pytest.raises(AccessDenied):
        services.start_verification(actor=cast.bob, scope=cast.acme.key_scope)
    with pytest.raises(InstanceAdministratorsOnly):
        services.start_verification(actor=cast.adam)
    operation = services.start_verification(actor=OPERATOR)
    with pytest.raises(InstanceAdministratorsOnly):
        services.advance_verification(actor=cast.adam, operation=operation)


def test_it_finds_a_damaged_second_factor_on_the_page_of_the_instance(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice)
    authenticator_of(cast.bob)
    answer = client.post(reverse("custody:instance_verify"))
    advance = reverse("custody:instance_advance", args=[only_operation().uid])
    progress = client.post(advance, headers=JSON).json()
    assert progress["ended"]
    assert "values and keys open" in client.get(answer["Location"]).content.decode()
    assert "Everything opens" in client.get(reverse("custody:instance")).content.decode()


def test_it_names_no_secret_to_whoever_only_administrates_the_instance(
    cast: Cast, client_for: ClientFor, stored: list[Secret]
) -> None:
    damage(stored[3])
    cast.charlie.is_instance_admin = True
    cast.charlie.save()
    client = client_for(cast.charlie)
    page = client.post(reverse("custody:instance_verify"))["Location"]
    client.post(reverse("custody:instance_advance", args=[only_operation().uid]))
    text = client.get(page).content.decode()
    assert "Acme" in text
    assert str(stored[3].uid) in text
    assert "NAME_3" not in text
    assert reverse("secrets:detail", args=[stored[3].uid]) not in text


def test_it_tells_an_organization_of_a_verification_of_everything_only_what_is_its_own(
    cast: Cast, client_for: ClientFor, stored: list[Secret]
) -> None:
    damage(stored[3])
    operation = services.start_verification(actor=OPERATOR)
    services.advance_verification(actor=OPERATOR, operation=operation)
    acme = client_for(cast.adam).get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    initech = client_for(cast.charlie).get(reverse("custody:keys", args=[cast.initech.uid])).content.decode()
    assert "1 did not open" in acme
    assert "did not open" not in initech
    for text in (acme, initech):
        assert str(operation.uid) not in text


def test_a_verification_of_everything_that_lists_only_a_part_promises_nothing(
    cast: Cast, client_for: ClientFor, stored: list[Secret]
) -> None:
    """Of a thousand others', while one's own was the thousand and first."""
    operation = services.verify_values(actor=OPERATOR)
    operation.result |= {"failed": 1001, "failures": [{"scope": str(cast.initech.uid)}] * 1000}
    operation.save()
    text = client_for(cast.alice).get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    assert "Everything opens" not in text
    assert "Verify again to see what is true of your values." in text


def test_a_sample_is_not_every_value(cast: Cast, client_for: ClientFor, stored: list[Secret]) -> None:
    services.verify_values(actor=OPERATOR, sample=2)
    text = client_for(cast.alice).get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    assert "Some values of the instance were opened." in text
    assert "Every value of the instance" not in text
