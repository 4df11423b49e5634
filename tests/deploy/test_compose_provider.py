"""deploy/compose.provider.yaml adds a way to a provider of root keys, and nothing else."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROVIDER: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.provider.yaml").read_text(encoding="utf-8"))
IGNORED = (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_it_changes_the_application_and_its_migrations_alone() -> None:
    assert list(PROVIDER["services"]) == ["app", "migrate"]
    assert PROVIDER["services"]["migrate"] == PROVIDER["services"]["app"]
    assert set(PROVIDER["services"]["app"]) == {"build", "env_file", "environment", "secrets", "networks"}


def test_its_secret_is_a_file_and_no_variable() -> None:
    variables = PROVIDER["services"]["app"]["environment"]
    assert set(variables.values()) == {"/run/secrets/provider-secret"}
    assert all(name.endswith("_FILE") for name in variables)
    assert PROVIDER["secrets"] == {"provider-secret": {"file": "./secrets/provider-secret"}}


def test_the_image_gets_the_library_that_was_locked() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "ARG PROVIDER=\n" in dockerfile
    assert "-r requirements${PROVIDER:+-$PROVIDER}.lock" in dockerfile
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{path.name}" for path in ROOT.glob("requirements*.lock")} - set(let_in) == {"!requirements-dev.lock"}


def test_what_an_operator_writes_for_it_stays_out_of_version_control() -> None:
    assert "deploy/provider.env" in IGNORED
