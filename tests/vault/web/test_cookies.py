"""Cookies in production: bound to this host and to https (ASVS 5.0 3.3.1 to 3.3.4)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.environment import ROOT, clean_environment
from vault.crypto.rootkey import generate_root_key_text

ASK = """
import json
from vault import settings
names = [name for name in dir(settings) if name.startswith(("SESSION_COOKIE", "CSRF_COOKIE"))]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The settings of cookies as production reads them."""
    folder: Path = tmp_path_factory.mktemp("production")
    variables = {
        "HOLDFAST_ENV": "production",
        "HOLDFAST_ALLOWED_HOSTS": "vault.example.com",
        "HOLDFAST_SECRET_KEY": "a made-up key of more than fifty characters, for this test",
        "HOLDFAST_ROOT_KEY": generate_root_key_text(),
        "HOLDFAST_VAR_DIR": str(folder),
        "DATABASE_URL": "postgresql://holdfast@localhost/holdfast",
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env={**clean_environment(), **variables}, stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    found: dict[str, object] = json.loads(asked.stdout)
    return found


@pytest.mark.parametrize("cookie", ["SESSION", "CSRF"])
def test_it_binds_the_cookie_to_this_host_and_to_https(production: dict[str, object], cookie: str) -> None:
    """Browsers take a cookie whose name begins so only over https, for the whole host and for no other."""
    assert str(production[f"{cookie}_COOKIE_NAME"]).startswith("__Host-")
    assert production[f"{cookie}_COOKIE_SECURE"] is True
    assert production.get(f"{cookie}_COOKIE_DOMAIN") is None
    assert production.get(f"{cookie}_COOKIE_PATH", "/") == "/"


@pytest.mark.parametrize("cookie", ["SESSION", "CSRF"])
def test_it_keeps_the_cookie_from_scripts_and_other_sites(production: dict[str, object], cookie: str) -> None:
    assert production[f"{cookie}_COOKIE_HTTPONLY"] is True
    assert production[f"{cookie}_COOKIE_SAMESITE"] in {"Lax", "Strict"}
