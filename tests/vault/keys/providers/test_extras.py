"""The libraries of the providers are extras: nothing of them is loaded unasked, and a missing one is named."""

import subprocess
import sys

import pytest
from pytest_django import Settings

from tests.harness.environment import ROOT
from vault.crypto.rootkey import generate_root_key_text
from vault.crypto.sealing import SealedRootKey
from vault.keys.providers import RootKeyProblem, remote

CONFIGURED = {
    "aws-kms": ("boto3", {"AWS_KMS_KEY_ID": "alias/holdfast"}),
    "openbao": ("hvac", {"OPENBAO_ADDR": "http://127.0.0.1:1", "OPENBAO_TOKEN": "x"}),
    "pkcs11": ("pkcs11", {"PKCS11_MODULE": "/nowhere.so", "PKCS11_TOKEN": "t", "PKCS11_PIN": "1"}),
}


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, values = CONFIGURED[name]
    for setting, value in values.items():
        setattr(settings, setting, value)
    monkeypatch.setitem(sys.modules, module, None)
    command = f"pip install --require-hashes --only-binary :all: -r requirements-{name}.lock"
    for use in (
        lambda: remote.seal(name, generate_root_key_text()),
        lambda: remote.unseal(SealedRootKey(name, bytes(16), bytes(60))),
    ):
        with pytest.raises(RootKeyProblem) as caught:
            use()
        assert command in str(caught.value)
    assert (ROOT / f"requirements-{name}.lock").is_file()


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_missing_setting_is_named(name: str, settings: Settings) -> None:
    for missing in CONFIGURED[name][1]:
        for setting, value in CONFIGURED[name][1].items():
            setattr(settings, setting, "" if setting == missing else value)
        with pytest.raises(RootKeyProblem, match=f"HOLDFAST_{missing} is missing"):
            remote.seal(name, generate_root_key_text())


def test_no_library_is_loaded_while_no_root_key_is_sealed() -> None:
    script = (
        "import sys, django; django.setup(); from vault.keys.providers import root_keys; root_keys(); "
        "print([name for name in ('boto3', 'botocore', 'hvac', 'requests', 'pkcs11') if name in sys.modules])"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "vault.settings", "HOLDFAST_ROOT_KEY": generate_root_key_text(), "PATH": ""
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "[]", ran.stderr
