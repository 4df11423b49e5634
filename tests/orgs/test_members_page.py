"""The members page: everybody sees who belongs, those who manage see more and can act."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.codes import new_totp_key
from accounts.models import TOTPDevice, User
from orgs.models import Membership
from orgs.roles import Role
from orgs.services import invite_member
from tests.cast import Cast
from tests.orgs.confirming import confirmed
from tests.sealing import change

ClientFor = Callable[..., Client]


def members(cast: Cast, client: Client) -> str:
    page = client.get(reverse("orgs:members", args=[cast.acme.uid])).content.decode()
    return page.partition("<main")[2].partition("</main>")[0]


def test_it_shows_everybody_who_belongs_to_every_member(cast: Cast, client_for: ClientFor) -> None:
    invite_member(actor=cast.alice, organization=cast.acme, email="zoe@example.com", role=Role.VIEWER)
    page = members(cast, client_for(cast.vera))
    for name in ("Alice", "Adam", "Bob", "Vera"):
        assert f"{name.lower()}@example.com" in page
    for hidden in ("Second factor", "Last sign-in", "Open invitations", "zoe@example.com", "Remove", "Change role"):
        assert hidden not in page


def test_it_offers_an_admin_only_what_an_admin_may_do(cast: Cast, client_for: ClientFor) -> None:
    invite_member(actor=cast.alice, organization=cast.acme, email="zoe@example.com", role=Role.OWNER)
    page = members(cast, client_for(cast.adam))
    assert "zoe@example.com" in page
    assert 'value="owner"' not in page
    assert "More for Bob" in page
    assert "More for Alice" not in page
    assert "More for zoe@example.com" not in page


def test_it_says_who_has_a_second_factor(cast: Cast, client_for: ClientFor) -> None:
    begun = TOTPDevice(user=cast.bob, name="Begun", confirmed=False)
    begun.key = new_totp_key()
    begun.save()
    page = members(cast, client_for(cast.alice))
    rows = {name: page.partition(f"<strong>{name}")[2].partition("</tr>")[0] for name in ("Alice", "Bob")}
    assert "On" in rows["Alice"]
    assert "Not yet" in rows["Bob"]


def test_it_writes_names_as_text(cast: Cast, client_for: ClientFor) -> None:
    change(User.objects.filter(pk=cast.bob.pk), name='<b onclick="x">Bob</b>')
    page = members(cast, client_for(cast.alice))
    assert "<b onclick" not in page
    assert "&lt;b onclick=&quot;x&quot;&gt;Bob" in page


def test_it_says_on_the_page_why_the_last_owner_stays(cast: Cast, client_for: ClientFor) -> None:
    own = Membership.objects.get(user=cast.alice)
    response = client_for(cast.alice).post(
        reverse("orgs:member_role", args=[cast.acme.uid, own.uid]), {"role": "viewer"}
    )
    assert response.status_code == 409
    assert b"Make somebody else an owner first" in response.content


def test_it_refuses_a_role_that_does_not_exist(cast: Cast, client_for: ClientFor) -> None:
    bob = Membership.objects.get(user=cast.bob)
    url = reverse("orgs:member_role", args=[cast.acme.uid, bob.uid])
    data: dict[str, str]
    for data in ({"role": "root"}, {"role": ""}, {}, {"role": "owner\x1f"}):
        assert client_for(cast.alice).post(url, data).status_code in {400, 422}
    bob.refresh_from_db()
    assert bob.role == Role.MEMBER


def test_it_leads_an_admin_who_steps_down_to_a_page_that_is_still_theirs(cast: Cast, client_for: ClientFor) -> None:
    own = Membership.objects.get(user=cast.adam)
    client = client_for(cast.adam)
    response = confirmed(client, reverse("orgs:member_role", args=[cast.acme.uid, own.uid]), {"role": "viewer"})
    assert client.get(response["Location"]).status_code == 200


def test_it_shows_who_gains_and_loses_before_a_role_is_changed(cast: Cast, client_for: ClientFor) -> None:
    bob = Membership.objects.get(user=cast.bob)
    url = reverse("orgs:member_role", args=[cast.acme.uid, bob.uid])
    client = client_for(cast.alice)
    page = client.post(url, {"role": "admin"})
    bob.refresh_from_db()
    assert bob.role == Role.MEMBER
    text = page.content.decode()
    assert "Change the role of Bob to Admin?" in text
    assert "Gained" in text
    assert "Access: everything" in text
    assert '<button class="button button--primary">Change to Admin' in text
    assert confirmed(client, url, {"role": "admin"})["Location"] == reverse("orgs:members", args=[cast.acme.uid])
    bob.refresh_from_db()
    assert bob.role == Role.ADMIN
    lowered = client.post(url, {"role": "viewer"}).content.decode()
    assert "Lost" in lowered
    assert '<button class="button button--danger">Change to Viewer' in lowered


def test_it_asks_nothing_where_the_role_stays(cast: Cast, client_for: ClientFor) -> None:
    bob = Membership.objects.get(user=cast.bob)
    url = reverse("orgs:member_role", args=[cast.acme.uid, bob.uid])
    assert client_for(cast.alice).post(url, {"role": "member"}).status_code == 302
