"""Nothing that is another person's is taken for one's own, or ended with it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.gate import person
from accounts.models import RecoveryDevice, Session, TOTPDevice, User
from accounts.selectors import (
    authenticator_of,
    open_sessions,
    pending_authenticator_of,
    recovery_codes_left,
    recovery_device_of,
)
from accounts.services import begin_totp_enrolment, confirm_totp, reset_second_factor
from accounts.sessions import SessionStore, end_sessions
from audit.actor import Actor
from tests.accounts.doors import code_of, recovery_codes_of
from tests.cast import Cast, signed_in_client

pytestmark = pytest.mark.django_db


def enrolling(user: User) -> tuple[HttpRequest, TOTPDevice]:
    """Somebody who has begun to set an authenticator up."""
    request = HttpRequest()
    request.user = AnonymousUser()
    request.session = SessionStore()
    return request, begin_totp_enrolment(actor=user, request=request)


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
    assert reset_second_factor(account=cast.bob, actor=Actor.system("operator")) == 1
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
