"""A configuration that is wrong: every problem is named in one message, and nothing that may be secret is in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.environment import ROOT, clean_environment

_LOAD = """
import json
from django.core.exceptions import ImproperlyConfigured
try:
    import vault.settings as loaded
except ImproperlyConfigured as problem:
    print(json.dumps(str(problem)))
else:
    wanted = ("EMAIL_", "BASE_", "SECRET_KEY_")
    print(json.dumps({name: getattr(loaded, name) for name in dir(loaded) if name.startswith(wanted)
                      and isinstance(getattr(loaded, name), (str, int, bool, list))}))
"""
CANARY = "canary"


def load(folder: Path, **variables: str) -> object:
    """The message of the refusal, or the settings that follow from the variables."""
    environment = clean_environment() | {"HOLDFAST_VAR_DIR": str(folder)} | variables
    loaded = subprocess.run(
        [sys.executable, "-c", _LOAD], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert CANARY not in loaded.stderr
    assert loaded.returncode == 0, loaded.stderr
    said: object = json.loads(loaded.stdout)
    return said


@pytest.mark.parametrize("variable", ["HOLDFAST_SESSION_IDLE_MINUTES", "HOLDFAST_KEY_ROTATION_DAYS"])
@pytest.mark.parametrize("wrong", ["never", "0", "-1", "9" * 30, "1000001"])
def test_it_refuses_a_number_that_makes_no_sense(variable: str, wrong: str, tmp_path: Path) -> None:
    said = load(tmp_path, **{variable: wrong})
    assert isinstance(said, str)
    assert f"- {variable} must be a whole number" in said


@pytest.mark.parametrize(
    ("variable", "wrong"),
    [
        ("HOLDFAST_SMTP_URL", f"smtp://user:{CANARY}#1@mail.example.com:587"),
        ("HOLDFAST_SMTP_URL", f"smtp://user:{CANARY}/1@mail.example.com:587"),
        ("HOLDFAST_SMTP_URL", f"http://user:{CANARY}@mail.example.com"),
        ("DATABASE_URL", f"postgresql://user:{CANARY}#1@db.example.com/name"),
        ("DATABASE_URL", f"postgresql://user:{CANARY}/1@db.example.com/name"),
        ("DATABASE_URL", f"{CANARY}://db.example.com/name"),
        ("DATABASE_URL", CANARY),
        ("HOLDFAST_BASE_URL", f"https://[{CANARY}"),
        ("HOLDFAST_BASE_URL", f"https://vault.example.com:{CANARY}"),
        ("HOLDFAST_SECRET_KEY_FILE", CANARY),
    ],
)
def test_it_names_a_wrong_variable_and_repeats_nothing_of_it(variable: str, wrong: str, tmp_path: Path) -> None:
    said = load(tmp_path, **{variable: wrong, "HOLDFAST_TRUSTED_PROXIES": "somewhere"})
    assert isinstance(said, str)
    assert f"- {variable} " in said
    assert "- HOLDFAST_TRUSTED_PROXIES" in said
    assert CANARY not in said


def test_it_takes_a_mail_password_with_any_character(tmp_path: Path) -> None:
    found = load(tmp_path, HOLDFAST_SMTP_URL="smtps://post%40example.com:a%2Fb%23c%3Ad@mail.example.com")
    assert isinstance(found, dict)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("post@example.com", "a/b#c:d")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 465)
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"], found["EMAIL_CONFIGURED"]) == (True, False, True)


def test_it_sends_no_mail_in_production_without_tls(tmp_path: Path) -> None:
    production = {
        "HOLDFAST_ENV": "production",
        "HOLDFAST_ROOT_KEY_FILE": "/run/secrets/root-key",
        "HOLDFAST_SECRET_KEY": "s" * 50,
        "HOLDFAST_ALLOWED_HOSTS": ".example.com",
        "DATABASE_URL": "postgresql://user@db.example.com/name",
    }
    found = load(tmp_path, HOLDFAST_SMTP_URL="smtp://mail.example.com:25", **production)
    assert isinstance(found, dict)
    assert found["EMAIL_USE_TLS"] is True
    assert found["BASE_URL"] == "https://example.com"


def test_it_takes_former_secret_keys_so_that_nobody_is_signed_out(tmp_path: Path) -> None:
    said = load(
        tmp_path, HOLDFAST_SECRET_KEY="the new one", HOLDFAST_SECRET_KEY_FALLBACKS="the-last-one  the-first-one"
    )
    assert isinstance(said, dict)
    assert said["SECRET_KEY_FALLBACKS"] == ["the-last-one", "the-first-one"]
