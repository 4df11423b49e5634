"""The three providers that unseal, each the real thing or, for AWS, the closest there is to it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.vault.keys.providers.bao import Bao
from tests.vault.keys.providers.hsm import Hsm
from tests.vault.keys.providers.kms import Kms
from tests.vault.keys.providers.service import Service
from vault.keys.providers import pkcs11

PROVIDERS = ("aws-kms", "openbao", "pkcs11")


@pytest.fixture(scope="session")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    """A KMS for all tests of a run."""
    with Kms(tmp_path_factory.mktemp("kms")) as server:
        yield server


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """An OpenBao for all tests of a run."""
    with Bao(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    """A security module for all tests of a run; its library reads where the token is from the environment, once."""
    module = Hsm(tmp_path_factory.mktemp("hsm"))
    os.environ.update(module.environment)
    yield module
    for name in module.environment:
        del os.environ[name]


@pytest.fixture
def configure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """`configure(service.settings())`: what would be HOLDFAST_… is set, and so are AWS's own variables."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    pkcs11._refused_pins.clear()

    def configure(values: dict[str, str]) -> None:
        for name, value in values.items():
            if hasattr(settings, name):
                setattr(settings, name, value)
            else:
                monkeypatch.setenv(name, value)

    return configure


@pytest.fixture(params=PROVIDERS)
def service(request: pytest.FixtureRequest, configure: Callable[[dict[str, str]], None]) -> Service:
    """Each provider in turn, configured, reachable and permitted."""
    found: Service = request.getfixturevalue({"aws-kms": "kms", "openbao": "bao", "pkcs11": "hsm"}[request.param])
    configure(found.settings())
    return found


@pytest.fixture
def root_key_file(tmp_path: Path, settings: Settings) -> Callable[..., Path]:
    """`root_key_file(text, …)`: from now on these are configured, in a file."""

    def write(*texts: str) -> Path:
        path = tmp_path / "root-key"
        path.write_text("\n".join(texts) + "\n", encoding="ascii")
        path.chmod(0o600)
        settings.ROOT_KEY, settings.ROOT_KEY_FILE = None, path
        return path

    return write
