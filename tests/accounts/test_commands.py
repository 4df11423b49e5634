"""What the operator can do on the server, each of it an event."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, ManagementUtility, call_command
from django.test import Client
from django.urls import reverse

from accounts.limiter import PASSWORD as LIMITS
from accounts.models import RecoveryDevice, Session, TOTPDevice, User
from audit.models import Event
from tests.accounts.doors import recovery_codes_of, sign_in
from tests.cast import Cast, signed_in_client

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def run_json(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(run(*arguments, "--json")))


def test_it_grants_and_revokes_the_support_desk(cast: Cast) -> None:
    assert "may use the support desk" in run("support", "grant", "--email", " BOB@example.com")
    assert User.objects.get(pk=cast.bob.pk).is_support
    event = Event.objects.latest("id")
    assert (event.action, event.actor_kind, event.resource_id) == ("support.granted", "system", str(cast.bob.uid))
    client = signed_in_client(User.objects.get(pk=cast.bob.pk))
    assert client.get(reverse("admin:index")).status_code == 200
    assert run_json("support", "revoke", "--email", cast.bob.email) == {
        "email": cast.bob.email,
        "user": str(cast.bob.uid),
        "is_support": False,
    }
    assert client.get(reverse("admin:index")).status_code == 404
    assert Event.objects.latest("id").action == "support.revoked"


def test_it_records_nothing_when_nothing_changes(cast: Cast) -> None:
    run("support", "grant", "--email", cast.sam.email)
    assert not Event.objects.filter(action="support.granted").exists()


def test_it_unlocks(cast: Cast) -> None:
    for _ in range(LIMITS.pair.count + 1):
        sign_in(Client(), cast.bob.email, "wrong")
    assert sign_in(Client(), cast.bob.email).status_code == 429
    assert run_json("unlock", "--email", cast.bob.email)["unlocked"] is True
    assert sign_in(Client(), cast.bob.email).status_code == 302
    assert Event.objects.filter(action="account.unlocked").get().actor_label == "Operator on the server"


def test_it_resets_a_second_factor_and_keeps_the_password(cast: Cast) -> None:
    recovery_codes_of(cast.bob)
    client = signed_in_client(cast.bob)
    assert run_json("reset_second_factor", "--email", cast.bob.email)["removed"] == 1
    assert not TOTPDevice.objects.exists()
    assert not RecoveryDevice.objects.exists()
    assert client.get(reverse("accounts:profile"))["Location"].startswith(reverse("accounts:sign_in"))
    assert sign_in(Client(), cast.bob.email).status_code == 302
    assert Event.objects.filter(action="second_factor.removed").get().actor_kind == "system"


def test_it_makes_a_random_password_and_keeps_the_second_factor(cast: Cast) -> None:
    recovery_codes_of(cast.bob)
    signed_in_client(cast.bob)
    printed = run_json("reset_password", "--email", cast.bob.email)["password"]
    assert len(printed) == 20
    assert not Session.objects.exists()
    assert sign_in(Client(), cast.bob.email).status_code == 422
    assert sign_in(Client(), cast.bob.email, printed)["Location"] == reverse("accounts:sign_in_code")
    assert printed not in str(list(Event.objects.values()))


@pytest.mark.parametrize(
    "arguments",
    [("support", "grant"), ("support", "revoke"), ("unlock",), ("reset_second_factor",), ("reset_password",)],
)
def test_it_says_when_there_is_no_such_account(cast: Cast, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="no account with this e-mail address"):
        run(*arguments, "--email", "nobody@example.com")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("command", "instead"), [("createsuperuser", "manage.py bootstrap"), ("changepassword", "manage.py reset_password")]
)
def test_it_points_away_from_the_commands_that_go_around_the_rules(
    cast: Cast, command: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    people = User.objects.count()
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", command, "--noinput", "--whatever"]).execute()
    assert ended.value.code == 1
    assert instead in capsys.readouterr().err
    with pytest.raises(CommandError):
        call_command(command)
    assert User.objects.count() == people
