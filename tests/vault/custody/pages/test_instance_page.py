"""The keys of the whole instance, for its administrators: root keys, the instance's own, escrow, organizations."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.services import create_organization
from tests.cast import Cast
from tests.sealing import change
from tests.vault.custody.pages.proofs import JSON, only_operation, queries, right, wrong
from vault.crypto.rootkey import RootKey
from vault.custody import services
from vault.custody.kinds import ReportKind
from vault.custody.models import EscrowSet, EscrowShare, KeyReport
from vault.custody.services.authority import OPERATOR
from vault.keys import processes
from vault.keys.models import KnownRootKey, ServingProcess, WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose
from vault.keys.rootkeys import wrapping_root_key

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


def page(client: Client) -> str:
    answer = client.get(reverse("custody:instance"))
    assert answer.status_code == 200
    return answer.content.decode()


def versions(purpose: Purpose) -> list[str]:
    keys = WrappedKey.objects.filter(scope=SYSTEM_SCOPE, purpose=purpose).order_by("version")
    return list(keys.values_list("state", flat=True))


def test_it_stands_beside_the_other_pages_of_administrators(cast: Cast, client_for: ClientFor) -> None:
    address = reverse("custody:instance")
    assert f'href="{address}"' in client_for(cast.alice).get(reverse("accounts:profile")).content.decode()
    assert f'href="{address}"' not in client_for(cast.adam).get(reverse("accounts:profile")).content.decode()


def test_it_shows_every_key_of_the_instance_with_its_way_to_the_next(cast: Cast, client_for: ClientFor) -> None:
    text = page(client_for(cast.alice))
    for key in WrappedKey.objects.filter(scope=SYSTEM_SCOPE):
        assert key.fingerprint in text
        assert reverse("custody:instance_rotate", args=[key.purpose]) in text
        assert bytes(key.wrapped).hex() not in text


def test_it_says_that_the_root_key_is_due(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice)
    assert "overdue" not in page(client)
    KnownRootKey.objects.update(wrapping_since=timezone.now() - timedelta(days=731))
    assert "Rotation is overdue" in page(client)
    assert "Root key: rotate below." in page(client)


@pytest.mark.parametrize("purpose", [Purpose.TOKEN, Purpose.ROW, Purpose.AUDIT, Purpose.SIGN])
def test_it_rotates_a_key_that_authenticates(cast: Cast, client_for: ClientFor, purpose: Purpose) -> None:
    client, address = client_for(cast.alice), reverse("custody:instance_rotate", args=[purpose.value])
    assert client.post(address, wrong(cast.alice)).status_code == 422
    assert versions(purpose) == ["active"]
    assert client.post(address, right(cast.alice))["Location"] == reverse("custody:instance")
    assert versions(purpose)[-1] == "active"
    assert len(versions(purpose)) == 2
    assert "version 2 is active" in page(client)


def test_it_moves_the_second_factors_and_breaks_none(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice)
    address = reverse("custody:instance_rotate", args=["totp"])
    answer = client.post(address, right(cast.alice))
    advance = reverse("custody:instance_advance", args=[only_operation().uid])
    assert answer["Location"] == reverse("custody:instance_operation", args=[only_operation().uid])
    assert client.post(advance, headers=JSON).json()["ended"]
    assert versions(Purpose.TOTP) == ["retired", "active"]
    from accounts.models import TOTPDevice

    change(TOTPDevice, last_step=-1)
    assert client.post(address, right(cast.alice)).status_code == 302


def test_it_says_which_process_lacks_the_next_root_key(cast: Cast, client_for: ClientFor, next_root: RootKey) -> None:
    ServingProcess.objects.create(host="old.example", pid=7, root_key_ids=[wrapping_root_key().key_id.hex()])
    both = [wrapping_root_key().key_id.hex(), next_root.key_id.hex()]
    ServingProcess.objects.create(host="new.example", pid=8, root_key_ids=both)
    gone = timezone.now() - 2 * processes.GONE_AFTER
    ServingProcess.objects.create(host="gone.example", pid=9, seen_at=gone)
    text = page(client_for(cast.alice))
    assert "1 of 2" in text
    assert "The next root key is configured" in text
    services.rotate_root(actor=OPERATOR)
    text = page(client_for(cast.alice))
    assert "A new root key is taking over" in text
    assert "rotate-root --finish" in text
    assert next_root.fingerprint in text
    assert "gone.example" not in text


def test_it_says_that_the_root_key_was_never_split(cast: Cast, client_for: ClientFor) -> None:
    text = page(client_for(cast.alice))
    assert "was never split" in text
    assert "manage.py keys split --shares 5 --threshold 3" in text


def test_it_says_which_shares_were_read_back(cast: Cast, client_for: ClientFor) -> None:
    services.split_root_key(actor=OPERATOR)
    EscrowShare.objects.filter(index__lte=2).update(confirmed_at=timezone.now())
    text = page(client_for(cast.alice))
    assert "Not enough yet" in text
    assert text.count("not read back yet") == 3
    EscrowShare.objects.filter(index=3).update(confirmed_at=timezone.now())
    assert "Enough</span>" in page(client_for(cast.alice))


def test_it_says_that_the_shares_are_of_an_earlier_root_key(cast: Cast, client_for: ClientFor) -> None:
    EscrowSet.objects.create(root_key_id=b"\x01" * 16, threshold=3, shares=5)
    assert "The shares are of an earlier root key" in page(client_for(cast.alice))


def test_it_asks_the_database_as_often_for_many_as_for_few(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice)
    addresses = [reverse("custody:instance"), reverse("custody:instance_organizations")]

    def fill(number: int) -> None:
        for index in range(number):
            create_organization(actor=cast.charlie, name=f"Organization {index}")
            services.rotate_key(actor=OPERATOR, scope=SYSTEM_SCOPE, purpose=Purpose.ROW)
            KeyReport.objects.create(kind=ReportKind.ROOT_COMPROMISE, text="a note")
        WrappedKey.objects.filter(purpose=Purpose.DATA).update(activated_at=timezone.now() - timedelta(days=400))

    fill(2)
    for url in addresses:
        client.get(url)
    few = [queries(client, url) for url in addresses]
    fill(10)
    for url in addresses:
        client.get(url)  # what a process keeps is read again after the rotations
    assert [queries(client, url) for url in addresses] == few
    assert max(few) <= 40


def test_it_lists_organizations_by_what_is_due_and_finds_them_by_name(cast: Cast, client_for: ClientFor) -> None:
    for index in range(60):
        create_organization(actor=cast.charlie, name=f"Organization {index:02}")
    late = WrappedKey.objects.get(scope=cast.initech.key_scope, state=KeyState.ACTIVE)
    WrappedKey.objects.filter(pk=late.pk).update(activated_at=timezone.now() - timedelta(days=400))
    client, address = client_for(cast.alice), reverse("custody:instance_organizations")
    first = client.get(address).content.decode()
    assert "62 organizations" in first
    assert first.index("Initech") < first.index("Organization 00")
    assert "Overdue" in first
    assert "Organization 59" not in first
    assert "Organization 59" in client.get(address, {"page": "2"}).content.decode()
    found = client.get(address, {"q": "organization 5", "page": "nonsense"}).content.decode()
    assert "10 organizations" in found
    assert "Initech" not in found
    assert "No organization matches" in client.get(address, {"q": "nobody"}).content.decode()
    assert "1 overdue, 0 due soon" in page(client)


def test_it_shows_nothing_of_what_organizations_store(cast: Cast, client_for: ClientFor) -> None:
    cast.charlie.is_instance_admin = True
    cast.charlie.save()
    client = client_for(cast.charlie)
    for address in (reverse("custody:instance"), reverse("custody:instance_organizations")):
        text = client.get(address).content.decode()
        assert f"/organizations/{cast.acme.uid}/" not in text
        assert "alice@example.com" not in text


def test_it_keeps_working_when_the_root_keys_cannot_be_read(
    cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vault.custody import root_keys
    from vault.keys.providers import RootKeyProblem

    def unreadable() -> list[object]:
        raise RootKeyProblem("The root key file is gone. Put it back.")

    monkeypatch.setattr(root_keys, "root_key_lines", unreadable)
    assert "The root key file is gone. Put it back." in page(client_for(cast.alice))
