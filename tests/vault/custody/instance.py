"""A whole instance in a folder of its own, worked on through `manage.py` as its operator does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.harness.environment import ROOT, clean_environment

_SEED = """
from tests.cast import make_cast, authenticator_of
from orgs.models import Project
from orgs.services import create_project
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret
cast = make_cast()
authenticator_of(cast.bob)
project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
for number in range(20):
    create_secret(
        actor=cast.alice, environment=project.environments.earliest("position"), kind=Kind.VALUE,
        name=f"NAME_{number}", values={"value": f"canary {number}"},
    )
"""

_READ = """
import json
from accounts.models import TOTPDevice, User
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret
alice = User.objects.get(email="alice@example.com")
values = {s.name: reveal_secret(actor=alice, secret=s.pk)["value"] for s in Secret.objects.all()}
print(json.dumps({"values": values, "seeds": [device.key for device in TOTPDevice.objects.all()]}))
"""


class Instance:
    """`variables`: the configuration; the database is SQLite in `folder` unless it names another."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.environment = {**clean_environment(), "HOLDFAST_VAR_DIR": str(folder), **variables}

    def run(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What a command of `manage.py` writes to standard output. It must end with `code`."""
        ran = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout

    def keys(self, *words: str, stdin: str = "", code: int = 0) -> dict[str, Any]:
        """The document of a subcommand of `keys`."""
        found: dict[str, Any] = json.loads(self.run("keys", *words, "--json", stdin=stdin, code=code))
        return found

    def seed(self) -> None:
        """Migrates, and stores twenty values and a second factor."""
        self.run("migrate", "--verbosity", "0")
        self._python(_SEED)

    def contents(self) -> dict[str, Any]:
        """Every value and every seed, opened."""
        found: dict[str, Any] = json.loads(self._python(_READ).splitlines()[-1])
        return found

    def _python(self, program: str) -> str:
        started = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import django; django.setup()\n"
        started += "from tests.harness.tenants import touch_every_organization; touch_every_organization()\n"
        ran = subprocess.run(
            [sys.executable, "-c", started + program],
            env={**self.environment, "DJANGO_SETTINGS_MODULE": "vault.settings"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout
