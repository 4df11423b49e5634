"""What is installed is what was locked, and no lock file says where from: that is each machine's own configuration."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
EXTRAS = ("requirements-aws-kms.lock", "requirements-openbao.lock", "requirements-pkcs11.lock")
_ADDRESS = re.compile(r"https?://|index-url|find-links|file://")


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", [*LOCKS, *EXTRAS, "package-lock.json", ".npmrc"])
def test_it_holds_no_address(name: str) -> None:
    assert not _ADDRESS.search((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [*LOCKS, *EXTRAS])
def test_it_pins_every_package_by_hash(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9._-]+==)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    packages = [block for block in blocks if block.strip()]
    assert len(packages) > 10
    assert all("--hash=sha256:" in block for block in packages)


def test_the_tests_run_on_the_versions_that_production_runs_on() -> None:
    production, development = _pins(LOCKS[0]), _pins(LOCKS[1])
    assert production.items() <= development.items()


@pytest.mark.parametrize("name", EXTRAS)
def test_an_extra_adds_to_what_production_runs_on_and_is_tested_as_it_is(name: str) -> None:
    production, extra, development = _pins(LOCKS[0]), _pins(name), _pins(LOCKS[1])
    assert production.items() < extra.items() <= development.items()


def test_no_library_of_a_provider_is_installed_unasked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert [f"requirements-{name}.lock" for name in extras] == list(EXTRAS)
    for name, requirements in extras.items():
        for requirement in requirements:
            library = re.split(r"[\[<>=]", requirement)[0]
            assert library not in _pins(LOCKS[0])
            assert library in _pins(f"requirements-{name}.lock")


def test_every_dependency_of_the_project_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for declared, lock in (
        (project["project"]["dependencies"], LOCKS[0]),
        (project["dependency-groups"]["dev"], LOCKS[1]),
    ):
        pins = {name.replace("_", "-") for name in _pins(lock)}
        names = {re.split(r"[\[<>=]", requirement)[0].strip().lower().replace("_", "-") for requirement in declared}
        assert names <= pins
