"""What a session remembers of a proof holds for that session, that person and those minutes, and for nothing else."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.errors import CodeRefused
from accounts.models import Instance, User
from accounts.services import (
    Proof,
    begin_totp_enrolment,
    change_password,
    confirm_totp,
    prove_again,
    remembered_proof,
    remove_second_factor,
    sign_out,
    start_session,
)
from accounts.services.step_up import REMEMBERED
from accounts.sessions import SessionStore
from tests.accounts.doors import code_of, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of
from tests.sealing import change

pytestmark = pytest.mark.django_db


def request_of(person: User, session: SessionStore | None = None) -> HttpRequest:
    """A request in a session of the person; a new one unless it is given."""
    request = HttpRequest()
    request.user = person
    request.session = session or SessionStore()
    if session is None:
        start_session(request=request, user=person, device=authenticator_of(person))
        request.session.save()
    return request


def again(request: HttpRequest) -> HttpRequest:
    """The next request of the same browser, whose session comes from the database."""
    request.session.save()
    assert isinstance(request.user, User)
    return request_of(request.user, SessionStore(request.session.session_key))


def prove(request: HttpRequest) -> Proof:
    assert isinstance(request.user, User)
    return prove_again(actor=request.user, request=request, code=code_of(authenticator_of(request.user)))


def test_it_is_there_in_the_next_request_of_the_session(cast: Cast) -> None:
    request = request_of(cast.bob)
    assert remembered_proof(request) is None
    proof = prove(request)
    assert proof.holds(cast.bob, minutes=5, now=time.time())
    assert remembered_proof(again(request)) == proof


def test_it_is_not_there_after_a_wrong_code(cast: Cast) -> None:
    request = request_of(cast.bob)
    with pytest.raises(CodeRefused):
        prove_again(actor=cast.bob, request=request, code=wrong_code(authenticator_of(cast.bob)))
    assert remembered_proof(request) is None


def test_it_is_the_password_of_whoever_has_no_authenticator(cast: Cast) -> None:
    request = request_of(cast.bob)
    request.user = cast.vera
    prove_again(actor=cast.vera, request=request, password=PASSWORD)
    found = remembered_proof(request)
    assert found is not None
    assert found.method == "password"


@pytest.mark.parametrize(("age", "holds"), [(0, True), (299, True), (300, False), (10**6, False), (-1, False)])
def test_it_holds_for_its_minutes_and_never_from_the_future(cast: Cast, age: int, holds: bool) -> None:
    now = time.time()
    assert Proof(cast.bob.pk, int(now) - age, "password").holds(cast.bob, minutes=5, now=int(now)) is holds
    assert not Proof(cast.alice.pk, int(now) - age, "password").holds(cast.bob, minutes=5, now=int(now))


def test_it_does_not_move_to_another_session_of_the_same_person(cast: Cast) -> None:
    proved, other = request_of(cast.bob), request_of(cast.bob)
    prove(proved)
    assert remembered_proof(again(other)) is None
    other.session[REMEMBERED] = proved.session[REMEMBERED]  # carried over, by whatever means
    assert remembered_proof(again(other)) is None
    assert remembered_proof(again(proved)) is not None


def test_it_does_not_serve_another_person_in_the_same_browser(cast: Cast) -> None:
    request = request_of(cast.bob)
    prove(request)
    request.user = cast.alice
    assert remembered_proof(request) is None
    kept = dict(request.session[REMEMBERED])
    start_session(request=request, user=cast.alice, device=authenticator_of(cast.alice))
    assert REMEMBERED not in request.session
    request.session[REMEMBERED] = {**kept, "person": str(cast.alice.pk)}
    assert remembered_proof(request) is None


def _change_password(request: HttpRequest, bob: User) -> None:
    change_password(actor=bob, current=PASSWORD, new="eleven quiet lighthouses", request=request)


def _sign_in_again(request: HttpRequest, bob: User) -> None:
    start_session(request=request, user=bob, device=authenticator_of(bob))


def _sign_out(request: HttpRequest, bob: User) -> None:
    sign_out(request=request)
    request.user = bob


def _replace_factor(request: HttpRequest, bob: User) -> None:
    with time_machine.travel(time.time() + 60):
        code = code_of(authenticator_of(bob))
        device = begin_totp_enrolment(actor=bob, request=request, password=PASSWORD, code=code)
        confirm_totp(actor=bob, code=code_of(device), request=request)


def _remove_factor(request: HttpRequest, bob: User) -> None:
    change(Instance, second_factor_required=False)
    with time_machine.travel(time.time() + 60):
        code = code_of(authenticator_of(bob))
        remove_second_factor(actor=bob, password=PASSWORD, code=code, request=request)


@pytest.mark.parametrize("end", [_change_password, _sign_in_again, _sign_out, _replace_factor, _remove_factor])
def test_it_ends_with_whatever_changes_who_one_is(cast: Cast, end: Callable[[HttpRequest, User], None]) -> None:
    request = request_of(cast.bob)
    prove(request)
    kept = request.session[REMEMBERED]
    end(request, cast.bob)
    assert remembered_proof(request) is None
    request.session[REMEMBERED] = kept
    assert remembered_proof(request) is None, "what was remembered was of the key that the session had then"


def test_it_ends_with_the_password_that_support_or_a_shell_replaced(cast: Cast, client_for: Any) -> None:
    from accounts.services import replace_password
    from audit.actor import Actor

    client = client_for(cast.bob)
    replace_password(account=cast.bob, new="eleven quiet lighthouses", actor=Actor.system("operator"))
    assert client.get(reverse("accounts:profile")).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    "found",
    [
        None, True, 1, "now", [], {}, {"person": "x"}, {"at": True}, {"at": "1"}, {"at": 1.5}, {"at": None},
        {"session": None}, {"session": ""}, {"method": 3}, {"person": None},
    ],
)  # fmt: skip
def test_it_takes_nothing_else_for_a_proof(cast: Cast, found: Any) -> None:
    request = request_of(cast.bob)
    prove(request)
    whole = request.session[REMEMBERED]
    request.session[REMEMBERED] = {**whole, **found} if isinstance(found, dict) and found else found
    assert remembered_proof(request) is None


def test_it_is_nothing_that_a_form_or_a_cookie_could_say(cast: Cast, client_for: Callable[..., Client]) -> None:
    client = client_for(cast.bob)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    forged = {REMEMBERED: "1", "proof": "1", "at": str(int(time.time())), "method": "authenticator", "proved": "yes"}
    client.cookies[REMEMBERED] = "1"
    client.post(reverse("accounts:profile"), {"name": "Bob", **forged})
    assert REMEMBERED not in SessionStore(before)
