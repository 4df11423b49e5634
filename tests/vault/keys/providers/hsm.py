"""SoftHSM2: a security module in software, with a token of its own in a folder."""

import os
import subprocess
import sys
from pathlib import Path

from tests.harness.softhsm import require_module

PIN, SO_PIN = "273849", "918273"
# The module reads SOFTHSM2_CONF once, when it is loaded: keys are made in a process of their own.
_MAKE_KEYS = """
import pkcs11, sys
with pkcs11.lib(sys.argv[1]).get_token(token_label="holdfast test").open(rw=True, user_pin=sys.argv[2]) as session:
    for label in ("holdfast", "other"):
        session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True,
                             capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT)
"""


class Hsm:
    """A token with two AES keys that never leave it. ``environment`` has what a process needs to find it."""

    name = "pkcs11"

    def __init__(self, folder: Path) -> None:
        self.module = require_module()
        self.pin_file = folder / "pin"
        self._tokens = folder / "tokens"
        self._away = folder / "tokens-away"
        self._tokens.mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {self._tokens}\nlog.level = ERROR\n", encoding="utf-8")
        self.environment = {"SOFTHSM2_CONF": str(configuration)}
        environment = {**os.environ, **self.environment}
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "holdfast test", "--pin", PIN, "--so-pin", SO_PIN],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run([sys.executable, "-c", _MAKE_KEYS, self.module, PIN], env=environment, check=True)
        self.grant()

    def settings(self) -> dict[str, str]:
        """As ``Service.settings``."""
        return {
            "PKCS11_MODULE": self.module,
            "PKCS11_TOKEN": "holdfast test",
            "PKCS11_PIN_FILE": str(self.pin_file),
            **self.environment,
        }

    def other_key(self) -> dict[str, str]:
        """As ``Service.other_key``."""
        return {"PKCS11_KEY_LABEL": "other"}

    def go(self) -> None:
        """The token is pulled out."""
        self._tokens.rename(self._away)

    def come_back(self) -> None:
        """As ``Service.come_back``."""
        self._away.rename(self._tokens)

    def revoke(self) -> None:
        """The PIN is no longer there."""
        self.pin_file.unlink()

    def grant(self) -> None:
        """The PIN is there."""
        self.pin_file.write_text(f"{PIN}\n", encoding="ascii")
        self.pin_file.chmod(0o600)
