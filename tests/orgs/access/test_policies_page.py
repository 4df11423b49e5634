"""The pages on which owners decide what a class demands."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orgs.classification import Classification
from orgs.demands import DEFAULTS, Demands
from orgs.models import ClassPolicy
from orgs.selectors.policies import policies_in
from tests.accounts.doors import code_of, wrong_code
from tests.cast import Cast, authenticator_of
from tests.sealing import tamper

ClientFor = Callable[..., Client]
CRITICAL = Classification.CRITICAL


def url(cast: Cast, word: str = "critical") -> str:
    return reverse("orgs:policy", args=[cast.acme.uid, word])


def filled(**changed: Any) -> dict[str, Any]:
    """The form as it is for what is critical, with some of it changed."""
    form = {"step_up_minutes": "5", "approvals": "0", "reason_required": "on", "reveal_seconds": "15"}
    return {key: text for key, text in {**form, "longest_grant_days": "30", **changed}.items() if text is not None}


def stored(cast: Cast) -> Demands:
    return policies_in(cast.acme.uid)[CRITICAL]


def test_every_member_sees_them_and_owners_alone_may_change_them(cast: Cast, client_for: ClientFor) -> None:
    address = reverse("orgs:policies", args=[cast.acme.uid])
    for person, may in ((cast.vera, False), (cast.adam, False), (cast.alice, True)):
        page = client_for(person).get(address).content.decode()
        assert "a proof of the last 5 minutes" in page
        assert (url(cast) in page) is may
    assert client_for(cast.charlie).get(address).status_code == HTTPStatus.NOT_FOUND


def test_raising_is_saved_at_once(cast: Cast, client_for: ClientFor) -> None:
    answer = client_for(cast.alice).post(url(cast), filled(reveal_seconds="10"))
    assert answer.status_code == HTTPStatus.FOUND
    assert stored(cast).reveal_seconds == 10


def test_lowering_shows_before_and_after_and_asks_for_a_code(cast: Cast, client_for: ClientFor) -> None:
    client, lower = client_for(cast.alice), filled(reason_required=None, reveal_seconds="60")
    page = client.post(url(cast), lower).content.decode()
    for words in ("a reason", "no reason asked for", "shown for 15 seconds", 'name="code"'):
        assert words in page
    assert '<input type="hidden" name="reveal_seconds" value="60">' in page
    assert stored(cast) == DEFAULTS[CRITICAL]
    confirmed = {**lower, "confirmed": "yes"}
    device = authenticator_of(cast.alice)
    for poor in ({}, {"code": ""}, {"code": wrong_code(device)}):
        assert client.post(url(cast), {**confirmed, **poor}).status_code != HTTPStatus.FOUND
        assert stored(cast) == DEFAULTS[CRITICAL]
    assert client.post(url(cast), {**confirmed, "code": code_of(device)}).status_code == HTTPStatus.FOUND
    assert stored(cast).reveal_seconds == 60


def test_lowering_again_asks_for_no_second_code_while_the_first_holds(cast: Cast, client_for: ClientFor) -> None:
    client, lower = client_for(cast.alice), filled(reveal_seconds="60", confirmed="yes")
    client.post(url(cast), {**lower, "code": code_of(authenticator_of(cast.alice))})
    page = client.post(url(cast), filled(reveal_seconds="90")).content.decode()
    assert 'name="code"' not in page
    assert client.post(url(cast), filled(reveal_seconds="90", confirmed="yes")).status_code == HTTPStatus.FOUND


def test_more_approvals_say_who_loses_access_and_that_nobody_could_approve(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice)
    page = client.post(url(cast), filled(approvals="3")).content.decode()
    assert "2 people here can approve access, and 3 would have to: nobody could get any." in page
    assert "<strong>2</strong> lose access" in page  # the owner and the admin: no project is open yet
    assert "nobody approves for himself" in client.post(url(cast), filled(approvals="2")).content.decode()
    assert 'role="alert"' not in client.post(url(cast), filled(approvals="1")).content.decode()
    assert stored(cast).approvals == 0
    assert client.post(url(cast), filled(approvals="3", confirmed="yes")).status_code == HTTPStatus.FOUND
    assert stored(cast).approvals == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"approvals": ""}, {"approvals": "-1"}, {"approvals": "99"}, {"approvals": "x"}, {"step_up_minutes": "0"},
        {"reveal_seconds": "1"}, {"reveal_seconds": None}, {"longest_grant_days": "0"}, {"approvals": "1" * 5000},
    ],
)  # fmt: skip
@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_it_names_the_field_and_keeps_the_rest(
    cast: Cast, client_for: ClientFor, changed: dict[str, Any], confirmed: dict[str, str]
) -> None:
    answer = client_for(cast.alice).post(url(cast), {**filled(**changed), **confirmed})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = answer.content.decode()
    assert "Enter a whole number from" in page
    assert stored(cast) == DEFAULTS[CRITICAL]


def test_there_is_no_other_class(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice)
    for word in ("secret", "CRITICAL ", "3", "word", "up_to"):
        assert client.get(url(cast, word)).status_code == HTTPStatus.NOT_FOUND


def test_a_policy_that_is_not_genuine_is_said_to_be_so_and_can_be_replaced(cast: Cast, client_for: ClientFor) -> None:
    tamper(ClassPolicy.objects.filter(organization=cast.acme, classification=CRITICAL), reason_required=False)
    client = client_for(cast.alice)
    assert "Nothing of this class opens" in client.get(reverse("orgs:policies", args=[cast.acme.uid])).content.decode()
    assert "Nothing of this class opens" in client.get(url(cast)).content.decode()
    page = client.post(url(cast), filled()).content.decode()
    assert "nothing opens" in page
    answer = client.post(url(cast), filled(confirmed="yes", code=code_of(authenticator_of(cast.alice))))
    assert answer.status_code == HTTPStatus.FOUND
    assert stored(cast) == DEFAULTS[CRITICAL]
