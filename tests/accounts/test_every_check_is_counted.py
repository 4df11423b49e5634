"""No password, code or recovery code is checked that the limiter has not counted: in the source, and at every door."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse
from django_ratelimit.core import get_usage

from accounts import limiter
from accounts.models import Instance, RecoveryDevice, TOTPDevice, User
from tests.accounts.doors import recovery_codes_of, sign_in, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of, signed_in_client
from tests.sealing import change

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {"check_password", "acheck_password", "verify_password", "verify_token", "match_token", "authenticate"}
# Where the checks are made; everything else calls these, and these call the limiter first.
ALLOWED = {
    "accounts/backends.py": {"check_password"},
    "accounts/services/proof.py": {"check_password", "verify_token"},
}


def called(file: Path) -> set[str]:
    """The names of the functions and methods that a file calls."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            names.add(function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ""))
    return names


def test_it_checks_in_two_places_only() -> None:
    for package in ("accounts", "orgs", "vault", "audit"):
        for file in (ROOT / package).rglob("*.py"):
            name = file.relative_to(ROOT).as_posix()
            assert called(file) & CHECKS <= ALLOWED.get(name, set()), name


def test_it_examines_credentials_in_one_place_only() -> None:
    users = [
        file.relative_to(ROOT).as_posix()
        for package in ("accounts", "orgs", "vault", "audit")
        for file in (ROOT / package).rglob("*.py")
        if "examine" in called(file)
    ]
    assert sorted(users) == ["accounts/backends.py", "accounts/services/sign_in.py"]


class Watch:
    """What was counted and checked, in order, during one request."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def around(self, name: str, function: Callable[..., object]) -> Callable[..., object]:
        def noted(*args: object, **kwargs: object) -> object:
            self.seen.append(name)
            return function(*args, **kwargs)

        return noted


def doors(cast: Cast) -> dict[str, Callable[[], Any]]:
    """One request for each door that checks something, which checks everything it can."""
    change(Instance, second_factor_required=False)
    device = authenticator_of(cast.bob)
    recovery_codes_of(cast.bob)
    wrong = wrong_code(device)
    bob, alice = signed_in_client(cast.bob), signed_in_client(cast.alice)
    vera = signed_in_client(cast.vera, verified=False)
    TOTPDevice.objects.filter(user=cast.vera).delete()
    vera.post(reverse("accounts:second_factor_enrol"))
    pending = TOTPDevice.objects.get(user=cast.vera)
    at_code = Client()
    sign_in(at_code, cast.bob.email)
    both = {"password": PASSWORD, "code": wrong}
    return {
        "sign_in": lambda: sign_in(Client(), cast.bob.email, "wrong"),
        "sign_in_code": lambda: at_code.post(reverse("accounts:sign_in_code"), {"code": wrong}),
        "sign_in_recovery": lambda: at_code.post(reverse("accounts:sign_in_recovery"), {"code": "aaaa-aaaa-aaaa-aaaa"}),
        "password": lambda: bob.post(reverse("accounts:password"), {"password": "x", "new_password": "y" * 20}),
        "second_factor_enrol": lambda: bob.post(reverse("accounts:second_factor_enrol"), both),
        "second_factor_confirm": lambda: vera.post(
            reverse("accounts:second_factor_confirm"), {"code": wrong_code(pending)}
        ),
        "second_factor_remove": lambda: bob.post(reverse("accounts:second_factor_remove"), both),
        "recovery_codes": lambda: bob.post(reverse("accounts:recovery_codes"), {"code": wrong}),
        "instance": lambda: alice.post(reverse("accounts:instance"), {"password": "x"}),
        "step_up": lambda: alice.post(
            reverse("custody:rotate", args=[cast.acme.uid]), {"code": wrong_code(authenticator_of(cast.alice))}
        ),
    }


DOORS = [
    "sign_in",
    "sign_in_code",
    "sign_in_recovery",
    "password",
    "second_factor_enrol",
    "second_factor_confirm",
    "second_factor_remove",
    "recovery_codes",
    "instance",
    "step_up",
]


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_it_counts_before_it_checks(cast: Cast, door: str) -> None:
    request, watch = doors(cast)[door], Watch()
    usage = patch.object(limiter, "get_usage", watch.around("counted", get_usage))
    password = patch.object(User, "check_password", watch.around("checked", User.check_password))
    totp = patch.object(TOTPDevice, "verify_token", watch.around("checked", TOTPDevice.verify_token))
    recovery = patch.object(RecoveryDevice, "verify_token", watch.around("checked", RecoveryDevice.verify_token))
    with usage, password, totp, recovery:
        request()
    assert "checked" in watch.seen, "this request checks nothing: the test has to be mended"
    counted = 0
    for seen in watch.seen:  # three counts (address, pair, account) stand before each check
        counted = counted + 1 if seen == "counted" else counted - 3
        assert counted >= 0, watch.seen


@pytest.mark.django_db
def test_it_knows_every_door(cast: Cast) -> None:
    from accounts.urls import urlpatterns

    checking = {
        "sign_in",
        "sign_in_code",
        "sign_in_recovery",
        "password",
        "second_factor_enrol",
        "second_factor_confirm",
        "second_factor_remove",
        "recovery_codes",
        "instance",
    }
    harmless = {"sign_out", "profile", "theme", "second_factor", "recovery_codes_file"}
    assert {pattern.name for pattern in urlpatterns} == checking | harmless
    elsewhere = {"step_up"}  # at the critical actions of other apps
    assert set(DOORS) == checking | elsewhere == set(doors(cast))


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_it_closes_every_door(cast: Cast, door: str) -> None:
    request = doors(cast)[door]
    statuses = [request().status_code for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429
