"""Proving oneself again for a critical action: with a code, or with the password where there is no authenticator."""

import pytest

from accounts.errors import CodeRefused, PasswordRefused
from accounts.forms import StepUpForm
from accounts.limiter import CODE, TooManyAttempts
from accounts.services import step_up
from audit.models import Event
from tests.accounts.doors import code_of, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of

pytestmark = pytest.mark.django_db


def events() -> list[tuple[str, str, object]]:
    """Action, outcome and door of everything that happened, in order."""
    return [(event.action, event.outcome, event.details.get("door")) for event in Event.objects.order_by("id")]


def test_it_takes_a_code_of_the_authenticator_once(cast: Cast) -> None:
    code = code_of(authenticator_of(cast.bob))
    step_up(actor=cast.bob, code=code)
    assert events() == [("second_factor.passed", "success", "step_up")]
    with pytest.raises(CodeRefused):
        step_up(actor=cast.bob, code=code)
    assert events()[1:] == [("second_factor.failed", "failure", "step_up")]


def test_it_takes_no_password_from_somebody_with_an_authenticator(cast: Cast) -> None:
    authenticator_of(cast.bob)
    with pytest.raises(CodeRefused):
        step_up(actor=cast.bob, password=PASSWORD)


def test_it_takes_the_password_of_somebody_without_one(cast: Cast) -> None:
    step_up(actor=cast.bob, password=PASSWORD)
    assert events() == []
    with pytest.raises(PasswordRefused):
        step_up(actor=cast.bob, password="another one entirely")
    assert events() == [("sign_in.failed", "failure", "step_up_password")]


def test_it_stops_guessing(cast: Cast) -> None:
    wrong = wrong_code(authenticator_of(cast.bob))
    for _ in range(CODE.pair.count):
        with pytest.raises(CodeRefused):
            step_up(actor=cast.bob, code=wrong)
    with pytest.raises(TooManyAttempts):
        step_up(actor=cast.bob, code=code_of(authenticator_of(cast.bob)))


def test_it_asks_in_the_form_for_what_the_person_has(cast: Cast) -> None:
    assert list(StepUpForm(person=cast.bob).fields) == ["password"]
    device = authenticator_of(cast.bob)
    assert list(StepUpForm(person=cast.bob).fields) == ["code"]
    form = StepUpForm({"code": code_of(device), "password": PASSWORD}, person=cast.bob)
    assert form.is_valid()
    assert form.proof == {"code": form.cleaned_data["code"]}
