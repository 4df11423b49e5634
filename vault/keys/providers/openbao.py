"""OpenBao or HashiCorp Vault: a key of the transit engine encrypts the root key, with associated data that names it."""

import base64
import binascii
from contextlib import suppress
from typing import Any

from django.conf import settings

from vault.crypto.secrecy import scrubbed
from vault.keys.providers.base import RootKeyProblem, RootKeyUnavailable
from vault.keys.providers.remote import CONNECT_SECONDS, READ_SECONDS, library, secret, setting

_EXTRA = "openbao"


class OpenBao:
    """The transit key ``HOLDFAST_OPENBAO_KEY`` of the server ``HOLDFAST_OPENBAO_ADDR``.

    The token needs ``update`` on ``<mount>/encrypt/<key>`` to seal and on ``<mount>/decrypt/<key>`` to unseal. It is
    renewed on each use where it may be, so that a periodic token lives as long as Holdfast does.
    """

    def __init__(self) -> None:
        self._address = setting("OPENBAO_ADDR")
        self._key = setting("OPENBAO_KEY")
        self._mount = setting("OPENBAO_MOUNT")

    @property
    def description(self) -> str:
        """As ``RemoteProvider.description``."""
        return f"OpenBao key {self._mount}/{self._key} at {self._address}"

    @scrubbed
    def encrypt(self, material: bytes, *, context: bytes) -> bytes:
        """As ``RemoteProvider.encrypt``."""
        answer = self._ask("encrypt_data", plaintext=_base64(material), associated_data=_base64(context))
        return str(answer["ciphertext"]).encode("ascii")

    @scrubbed
    def decrypt(self, ciphertext: bytes, *, context: bytes) -> bytes:
        """As ``RemoteProvider.decrypt``."""
        text = ciphertext.decode("ascii", errors="replace")
        answer = self._ask("decrypt_data", ciphertext=text, associated_data=_base64(context))
        with suppress(binascii.Error):
            return base64.b64decode(answer["plaintext"], validate=True)
        raise RootKeyProblem(f"{self.description} gave an answer that is no root key.")

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        hvac = library("hvac", extra=_EXTRA)
        from requests.exceptions import RequestException

        token = secret("OPENBAO_TOKEN")
        try:
            # No redirects: a token is for the server that was named. timeout: to connect, and between bytes.
            client = hvac.Client(
                url=self._address,
                token=token,
                verify=settings.OPENBAO_CACERT or True,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
            transit = client.secrets.transit
            answer = getattr(transit, operation)(self._key, mount_point=self._mount, **parameters)
            if isinstance(answer, dict):
                with suppress(hvac.exceptions.VaultError, RequestException):
                    client.auth.token.renew_self()
                return dict(answer["data"])
            failure: RootKeyProblem = RootKeyUnavailable(f"{self.description} gave no answer that can be read.")
        except hvac.exceptions.VaultError as error:
            failure = self._refusal(error)
        except (RequestException, OSError, ValueError, KeyError) as error:  # OSError: HOLDFAST_OPENBAO_CACERT
            failure = RootKeyUnavailable(f"{self.description} cannot be reached ({type(error).__name__}).")
        raise failure

    def _refusal(self, error: Exception) -> RootKeyProblem:
        kind = type(error).__name__
        if kind == "InvalidRequest":
            # 400: not authentic, another associated data, a key that does not exist, or one below its minimum version.
            return RootKeyProblem(
                f"{self.description} does not open the sealed root key. It was altered, or sealed by another key, or "
                "belongs to another root key, or the key's min_decryption_version was raised beyond it."
            )
        if kind in {"Forbidden", "Unauthorized"}:
            return RootKeyUnavailable(
                f"{self.description} refuses the token. It has expired or was revoked, or its policy lacks update on "
                f"{self._mount}/decrypt/{self._key} (to seal, {self._mount}/encrypt/{self._key})."
            )
        if kind in {"VaultDown", "VaultNotInitialized"}:
            return RootKeyUnavailable(f"{self.description} is sealed itself or not ready ({kind}). Unseal it.")
        return RootKeyUnavailable(f"{self.description} refuses ({kind}).")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
