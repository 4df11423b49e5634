"""docs/operators/ names what exists: every variable that is read, every command and every file."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPERATORS = ROOT / "docs" / "operators"
_VARIABLE = re.compile(r"\b(HOLDFAST_[A-Z0-9_]+|DATABASE_URL|WEB_CONCURRENCY)\b")
# Set by Compose for Caddy and for itself, or by the test runner.
_NOT_THE_APPLICATIONS = {"HOLDFAST_DOMAIN", "HOLDFAST_ACME_EMAIL", "HOLDFAST_UPSTREAM", "HOLDFAST_VERSION"}


def _documents() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(OPERATORS.glob("*.md")))


def _read_by_the_application() -> set[str]:
    read = set()
    for path in [ROOT / "vault" / "settings.py", ROOT / "deploy" / "gunicorn.conf.py"]:
        quoted = re.findall(r"\"([A-Z0-9_]+)\"", path.read_text(encoding="utf-8"))
        read |= {name.removesuffix("_FILE") for name in quoted if _VARIABLE.fullmatch(name)}
    return read


def test_they_explain_every_variable_that_is_read() -> None:
    reference = (OPERATORS / "configuration.md").read_text(encoding="utf-8")
    explained = {name.removesuffix("_FILE") for name in re.findall(r"^\| `([A-Z0-9_]+)`", reference, re.MULTILINE)}
    assert explained == _read_by_the_application()


def test_they_name_no_variable_that_nothing_reads() -> None:
    named = {name.removesuffix("_FILE") for name in _VARIABLE.findall(_documents())}
    assert named - _NOT_THE_APPLICATIONS <= _read_by_the_application()


def test_they_name_only_commands_that_exist() -> None:
    from django.core.management import get_commands

    assert set(re.findall(r"manage\.py ([a-z_]+)", _documents())) <= set(get_commands())


def test_they_link_only_to_pages_that_exist() -> None:
    for path in OPERATORS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
