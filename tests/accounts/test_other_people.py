"""Nothing that is another person's is taken for one's own, or ended with it."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import NoEnrolment
from accounts.gate import person
from accounts.models import RecoveryDevice, Session, TOTPDevice, User
from accounts.selectors import (
    authenticator_of,
    open_sessions,
    pending_authenticator_of,
    recovery_codes_left,
    recovery_device_of,
)
from accounts.services import begin_totp_enrolment, confirm_totp, reset_second_factor, second_factor
from accounts.services.second_factor import are_own_codes
from accounts.sessions import SessionStore, end_sessions
from audit.actor import Actor
from tests.accounts.doors import code_of, recovery_codes_of
from tests.cast import PASSWORD, Cast, signed_in_client

pytestmark = pytest.mark.django_db
OPERATOR = Actor.system("operator")


def enrolling(user: User, **proof: str) -> tuple[HttpRequest, TOTPDevice]:
    """Somebody who has begun to set an authenticator up."""
    request = HttpRequest()
    request.user = AnonymousUser()
    request.session = SessionStore()
    return request, begin_totp_enrolment(actor=user, request=request, **proof)


def test_what_another_has_is_nobody_elses(cast: Cast) -> None:
    recovery_codes_of(cast.alice)
    enrolling(cast.bob)
    signed_in_client(cast.alice)
    for user in (cast.adam, cast.vera):
        assert authenticator_of(user) is None
        assert pending_authenticator_of(user) is None
        assert recovery_device_of(user) is None
        assert recovery_codes_left(user) == 0
        assert open_sessions(user) == []
    assert pending_authenticator_of(cast.alice) is None
    assert authenticator_of(cast.bob) is None


def test_what_has_ended_is_nobodys(cast: Cast) -> None:
    codes = recovery_codes_of(cast.alice)
    device = recovery_device_of(cast.alice)
    assert device is not None
    assert device.verify_token(codes[0])
    assert not device.verify_token(codes[0])
    assert recovery_codes_left(cast.alice) == 9
    assert are_own_codes(cast.alice, codes[1:])
    assert not are_own_codes(cast.alice, codes)
    key = signed_in_client(cast.alice).cookies[settings.SESSION_COOKIE_NAME].value
    assert SessionStore(key).load()
    assert len(open_sessions(cast.alice)) == 1
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)):
        assert not SessionStore(key).load()
        assert open_sessions(cast.alice) == []


def test_an_enrolment_is_of_the_session_that_began_it_and_ends_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, device = enrolling(cast.bob)
    other = HttpRequest()
    other.session = SessionStore()
    with pytest.raises(NoEnrolment):
        confirm_totp(actor=cast.bob, code=code_of(device), request=other)

    def ended_meanwhile(*_: object) -> None:
        device.delete()

    monkeypatch.setattr(second_factor, "prove_pending_code", ended_meanwhile)
    with pytest.raises(NoEnrolment):
        confirm_totp(actor=cast.bob, code=code_of(device), request=request)


def test_replacing_one_keeps_the_old_one_until_the_new_one_is_confirmed(cast: Cast) -> None:
    recovery_codes_of(cast.alice)
    old = authenticator_of(cast.alice)
    assert old is not None
    _, waiting = enrolling(cast.alice, password=PASSWORD, code=code_of(old))
    assert authenticator_of(cast.alice) == old
    assert pending_authenticator_of(cast.alice) == waiting
    assert reset_second_factor(account=cast.alice, actor=OPERATOR) == 1
    assert not TOTPDevice.objects.exists()


def test_setting_one_up_leaves_those_of_others(cast: Cast) -> None:
    recovery_codes_of(cast.alice)
    _, waiting = enrolling(cast.adam)
    request, device = enrolling(cast.bob)
    confirm_totp(actor=cast.bob, code=code_of(device), request=request)
    assert authenticator_of(cast.alice) is not None
    assert recovery_codes_left(cast.alice) == 10
    assert pending_authenticator_of(cast.adam) == waiting


def test_a_reset_leaves_and_counts_none_of_others(cast: Cast) -> None:
    recovery_codes_of(cast.alice)
    recovery_codes_of(cast.bob)
    assert reset_second_factor(account=cast.bob, actor=OPERATOR) == 1
    assert [each.user for each in TOTPDevice.objects.all()] == [cast.alice]
    assert [each.user for each in RecoveryDevice.objects.all()] == [cast.alice]


def test_ending_the_sessions_of_one_ends_no_others(cast: Cast) -> None:
    signed_in_client(cast.alice)
    signed_in_client(cast.bob)
    assert end_sessions(cast.bob) == 1
    assert [each.user for each in Session.objects.all()] == [cast.alice]


def test_a_view_for_everybody_takes_nobody_for_somebody() -> None:
    request = HttpRequest()
    request.user = AnonymousUser()
    with pytest.raises(PermissionError, match="public"):
        person(request)
