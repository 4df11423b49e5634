"""What commands write, and what becomes of them when they cannot."""

import json
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from orgs.models import Organization
from tests.cast import Cast
from tests.harness.environment import ROOT
from tests.vault.custody.commands import spoken
from tests.vault.custody.instance import Instance
from vault.names import safe_text

NAME = "Evil\x1b]0;owned\x07\x9b2J\u202eemca\r"
"""Sets the title of a terminal, wipes it, and turns around what follows."""


@pytest.mark.django_db
def test_a_name_cannot_drive_a_terminal(cast: Cast) -> None:
    """Such a name is refused where names are given; somebody who writes to the database gives any."""
    Organization.objects.filter(pk=cast.acme.pk).update(name=NAME)
    said = spoken("rotate", "--org", "acme")
    assert "Evil\ufffd]0;owned\ufffd\ufffd2J\ufffdemca\ufffd: the data key is now" in said
    assert said == safe_text(said)
    with pytest.raises(CommandError) as refused:
        call_command("keys", "compromise", "--org", "acme", stdout=StringIO())
    assert "Evil" in str(refused.value)
    assert str(refused.value) == safe_text(str(refused.value))
    out = StringIO()
    call_command("keys", "rotate", "--org", "acme", "--json", stdout=out)
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue())["rotated"][0]["scope_label"] == NAME


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Migrated once: what is asked of it changes nothing."""
    made = Instance(tmp_path_factory.mktemp("instance"))
    made.run("migrate", "--verbosity", "0")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("output", ["/dev/full", "closed pipe"])
def test_what_cannot_be_written_is_no_success_and_no_traceback(
    instance: Instance, options: list[str], output: str
) -> None:
    words = [sys.executable, str(ROOT / "manage.py"), "keys", "status", *options]
    into = '"$@" | :; exit "${PIPESTATUS[0]}"' if output == "closed pipe" else 'exec "$@" >/dev/full'
    ran = subprocess.run(
        ["/bin/bash", "-c", into, "bash", *words],
        env=instance.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert "Not everything could be written" in ran.stderr
    assert "Traceback" not in ran.stderr
