"""A code works once (CVE-2025-6014, CVE-2025-6015), also when it arrives twice at the same moment."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import TOTPDevice
from tests.accounts.doors import code_of, enter_code, sign_in
from tests.cast import Cast, authenticator_of
from tests.orgs.parallel import in_parallel


def at_the_code(email: str) -> Client:
    client = Client()
    sign_in(client, email)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda c: f"{c[:3]} {c[3:]}",
        " ".join,
        lambda c: f"{c}\u00a0",
        lambda c: f"{c[:3]}-{c[3:]}",
        lambda c: "".join(chr(ord(d) + 0xFEE0) for d in c),
        lambda c: "".join(chr(ord(d) + 0x630) for d in c),
    ],
    ids=["raw", "spaced", "every digit spaced", "no-break space", "hyphen", "full-width", "Arabic"],
)
def test_it_refuses_a_code_that_was_used_however_it_is_spelled(cast: Cast, spell: object) -> None:
    device = authenticator_of(cast.bob)
    code = code_of(device)
    assert enter_code(at_the_code(cast.bob.email), code).status_code == 302
    assert enter_code(at_the_code(cast.bob.email), spell(code)).status_code == 422  # type: ignore[operator]  # each is a function


@pytest.mark.django_db
def test_it_refuses_an_earlier_code_after_a_later_one(cast: Cast) -> None:
    device = authenticator_of(cast.bob)
    assert enter_code(at_the_code(cast.bob.email), code_of(device, steps=1)).status_code == 302
    for steps in (-1, 0, 1):
        assert enter_code(at_the_code(cast.bob.email), code_of(device, steps=steps)).status_code == 422


@pytest.mark.django_db
def test_it_takes_the_next_code(cast: Cast) -> None:
    device = authenticator_of(cast.bob)
    with time_machine.travel(timezone.now()) as clock:
        enter_code(at_the_code(cast.bob.email), code_of(device))
        clock.shift(timedelta(seconds=30))
        assert enter_code(at_the_code(cast.bob.email), code_of(device)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_many_parallel_submissions_in(transactional_cast: Cast) -> None:
    device = authenticator_of(transactional_cast.bob)
    clients = [at_the_code(transactional_cast.bob.email) for _ in range(5)]
    code = code_of(device)
    statuses: list[int] = []

    def submit(client: Client) -> None:
        statuses.append(enter_code(client, code).status_code)

    raised = in_parallel(*[lambda client=client: submit(client) for client in clients])
    assert raised == [None] * 5
    assert sorted(statuses) == [302, 422, 422, 422, 422]


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_many_parallel_checks_pass_even_without_the_row_lock(transactional_cast: Cast) -> None:
    device = authenticator_of(transactional_cast.bob)
    code = code_of(device)
    loaded = [TOTPDevice.objects.get(pk=device.pk) for _ in range(5)]
    accepted: list[bool] = []
    in_parallel(*[lambda found=found: accepted.append(found.verify_token(code)) for found in loaded])
    assert sorted(accepted) == [False, False, False, False, True]


@pytest.mark.django_db
def test_it_keeps_the_step_across_sessions_and_devices_of_the_log(cast: Cast) -> None:
    device = authenticator_of(cast.bob)
    enter_code(at_the_code(cast.bob.email), code_of(device))
    device.refresh_from_db()
    assert device.last_step == int(timezone.now().timestamp()) // 30
    assert device.last_used_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "code"),  # RFC 6238 appendix B, the SHA-1 rows, cut to six digits
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_it_makes_the_codes_of_the_standard(cast: Cast, moment: int, code: str) -> None:
    device = authenticator_of(cast.bob)
    device.key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # 12345678901234567890
    device.save()
    with time_machine.travel(moment, tick=False):
        assert device.verify_token(code)
        assert not device.verify_token(code)
