"""The page before the end of a membership: what it shows, what it takes, and where it leads."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Grant, Membership
from tests.vault.access.leaving.scenes import Leaving
from vault.access.leaving import plan_of

ClientFor = Callable[..., Client]


def url(leaving: Leaving, who: str = "bob") -> str:
    return reverse("access:leave_plan", args=[leaving.cast.acme.uid, leaving.member(getattr(leaving.cast, who)).pk])


def digest(leaving: Leaving, who: str = "bob") -> str:
    return plan_of(leaving.cast.acme, leaving.member(getattr(leaving.cast, who))).digest


def test_it_shows_what_is_left_behind_before_anything_happens(leaving: Leaving, client_for: ClientFor) -> None:
    leaving.add("ALONE_WITH_IT")
    page = client_for(leaving.cast.adam).get(url(leaving)).content.decode()
    for said in ("ALONE_WITH_IT", "Hidden / ", "for owners and admins only", "Goes to", "bob@example.com"):
        assert said in page
    assert leaving.member(leaving.cast.bob).status == Membership.Status.ACTIVE


def test_it_hands_over_and_leads_to_what_was_seen(leaving: Leaving, client_for: ClientFor) -> None:
    leaving.add("one")
    client = client_for(leaving.cast.adam)
    vera = leaving.member(leaving.cast.vera)
    form = {"digest": digest(leaving), f"to-{leaving.production.pk}": f"member:{vera.pk}", "access": "read"}
    answer = client.post(url(leaving), form)
    assert answer.status_code == 302
    assert answer["Location"].endswith("/seen/")
    assert Grant.objects.get(origin=Grant.Origin.HANDED_OVER).membership == vera


def test_it_keeps_what_was_chosen_when_something_is_missing(leaving: Leaving, client_for: ClientFor) -> None:
    leaving.add("one")
    client = client_for(leaving.cast.adam)
    answer = client.post(url(leaving), {"digest": digest(leaving), "access": "write", "confirmation": "bo"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "1 secret is not handed over" in text
    assert 'value="write" selected' in text
    assert leaving.member(leaving.cast.bob).status == Membership.Status.ACTIVE
    answer = client.post(url(leaving), {"digest": digest(leaving), "access": "read", "confirmation": "bob@example.com"})
    assert answer.status_code == 302


def test_what_was_shown_before_something_changed_is_shown_anew(leaving: Leaving, client_for: ClientFor) -> None:
    client = client_for(leaving.cast.adam)
    before = digest(leaving)
    leaving.add("meanwhile")
    form = {"digest": before, "access": "read", "confirmation": "bob@example.com"}
    answer = client.post(url(leaving), form)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "meanwhile" in text
    assert digest(leaving) in text
    assert client.post(url(leaving), {**form, "digest": digest(leaving)}).status_code == 302


@pytest.mark.parametrize(
    "chosen", ["member:x", "member:", "team:1", "nobody", "member:00000000-0000-0000-0000-000000000000"]
)
def test_it_takes_nobody_who_is_not_offered(leaving: Leaving, client_for: ClientFor, chosen: str) -> None:
    leaving.add("one")
    form = {"digest": digest(leaving), f"to-{leaving.production.pk}": chosen, "access": "read"}
    answer = client_for(leaving.cast.adam).post(url(leaving), form)
    assert answer.status_code == 422
    assert "Choose one of the members" in answer.content.decode()


def test_whoever_leaves_sees_the_same_and_is_signed_out_of_the_last(leaving: Leaving, client_for: ClientFor) -> None:
    leaving.add("one")
    client = client_for(leaving.cast.bob)
    address = reverse("access:leave", args=[leaving.cast.acme.uid])
    page = client.get(address).content.decode()
    assert "Ask an owner to hand this over" in page
    assert "Goes to" not in page
    form = {"digest": digest(leaving), "confirmation": "bob@example.com"}
    answer = client.post(address, form)
    assert answer.status_code == 302
    assert "sign-in" in client.get("/organizations/").headers.get("Location", "")


def test_the_last_owner_is_told_why_not(leaving: Leaving, client_for: ClientFor) -> None:
    address = reverse("access:leave", args=[leaving.cast.acme.uid])
    answer = client_for(leaving.cast.alice).post(address, {"digest": digest(leaving, "alice")})
    assert answer.status_code == 409
    assert "needs an owner" in answer.content.decode()


def test_ones_own_line_leads_to_leaving(leaving: Leaving, client_for: ClientFor) -> None:
    answer = client_for(leaving.cast.adam).get(url(leaving, "adam"))
    assert answer["Location"].endswith("/leave/")
