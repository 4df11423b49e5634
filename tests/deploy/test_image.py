"""deploy/Dockerfile: pinned packages, a user without rights, and in the image only what the application runs on."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
FINAL = DOCKERFILE.rpartition("\nFROM ")[2]
DOCKERIGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_it_installs_only_wheels_whose_hashes_are_known() -> None:
    installs = re.findall(r"pip install.*", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)


def test_it_ends_as_a_user_without_rights_who_owns_none_of_the_code() -> None:
    users = re.findall(r"^USER (.+)$", FINAL, re.MULTILINE)
    assert users == ["10001:10001"]
    assert "--chown" not in DOCKERFILE


def test_it_builds_without_any_secret() -> None:
    assert not re.search(r"^(ARG|ENV)\s.*(KEY|PASSWORD|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)
    assert "--mount=type=secret" not in DOCKERFILE


def test_it_names_a_version_of_its_base() -> None:
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.11-slim-bookworm"}


def test_it_runs_in_production_and_says_whether_it_is_healthy() -> None:
    assert "HOLDFAST_ENV=production" in FINAL
    assert "HEALTHCHECK" in FINAL
    assert "STOPSIGNAL SIGTERM" in FINAL


def test_it_takes_nothing_into_the_image_that_is_not_listed() -> None:
    rules = [line for line in DOCKERIGNORE if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {line[1:] for line in rules if line.startswith("!")}
    assert not let_in & {"var", "tests", ".git", ".env", "deploy", "deploy/secrets", "deploy/.env"}


def test_it_lets_in_everything_that_exists_and_is_copied() -> None:
    for line in DOCKERIGNORE:
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line
