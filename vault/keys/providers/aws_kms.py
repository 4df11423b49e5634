"""AWS KMS: a symmetric KMS key encrypts the root key, with an encryption context that names it."""

import base64
from typing import Any

from django.conf import settings

from vault.crypto.secrecy import scrubbed
from vault.keys.providers.base import RootKeyProblem, RootKeyUnavailable
from vault.keys.providers.remote import CONNECT_SECONDS, READ_SECONDS, library, setting

_EXTRA = "aws-kms"
_CONTEXT = "holdfast:sealed-root-key"
_REMEDIES = {
    "AccessDeniedException": "Allow kms:Decrypt (to seal, kms:Encrypt) on this key to the identity that Holdfast uses.",
    "NotFoundException": "Check HOLDFAST_AWS_KMS_KEY_ID, the region and the account.",
    "DisabledException": "Enable the key.",
    "KMSInvalidStateException": "The key is disabled or about to be deleted: enable it, or cancel its deletion.",
    "ExpiredTokenException": "Renew the credentials.",
    "UnrecognizedClientException": "Check the AWS credentials.",
    "InvalidSignatureException": "Check the AWS credentials and this machine's clock.",
}
# Asking again will not help: what was sealed is not what this key, or this context, opens.
_FINAL = {
    "InvalidCiphertextException": "The sealed text was altered, or belongs to another root key. Restore it.",
    "IncorrectKeyException": "It was sealed under another KMS key. Set HOLDFAST_AWS_KMS_KEY_ID to that one.",
    "InvalidKeyUsageException": "HOLDFAST_AWS_KMS_KEY_ID must name a symmetric key for ENCRYPT_DECRYPT.",
    "ValidationException": "Check HOLDFAST_AWS_KMS_KEY_ID.",
}


class AwsKms:
    """The KMS key that ``HOLDFAST_AWS_KMS_KEY_ID`` names: an id, an alias or an ARN.

    Credentials and region come from where AWS's own tools take them (variables, shared files, the machine's role); an
    ARN says the region by itself.
    """

    def __init__(self) -> None:
        self._key = setting("AWS_KMS_KEY_ID")

    @property
    def description(self) -> str:
        """As ``RemoteProvider.description``."""
        return f"AWS KMS key {self._key}"

    @scrubbed
    def encrypt(self, material: bytes, *, context: bytes) -> bytes:
        """As ``RemoteProvider.encrypt``."""
        answer = self._ask("encrypt", Plaintext=material, EncryptionContext=_encryption_context(context))
        return bytes(answer["CiphertextBlob"])

    @scrubbed
    def decrypt(self, ciphertext: bytes, *, context: bytes) -> bytes:
        """As ``RemoteProvider.decrypt``."""
        answer = self._ask("decrypt", CiphertextBlob=ciphertext, EncryptionContext=_encryption_context(context))
        return bytes(answer["Plaintext"])

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call, with the key named: KMS would else take the one that the ciphertext names (confused deputy)."""
        library("boto3", extra=_EXTRA)
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client(), operation)(KeyId=self._key, **parameters)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            failure = self._refusal(str(error.response.get("Error", {}).get("Code", "")), status)
        except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no address
            failure = self._no_answer(type(error).__name__)
        else:
            return answer
        raise failure

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        parts = self._key.split(":")
        region = parts[3] if parts[0] == "arn" and len(parts) > 3 else None
        session = boto3.session.Session()
        return session.client(
            "kms",
            region_name=region or session.region_name,
            endpoint_url=settings.AWS_KMS_ENDPOINT or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 1},
            ),
        )

    def _refusal(self, code: str, status: int | None) -> RootKeyProblem:
        if code in _FINAL:
            return RootKeyProblem(f"{self.description} does not open the sealed root key ({code}). {_FINAL[code]}")
        otherwise = _REMEDIES["AccessDeniedException"] if status == 403 else "See the service's status and CloudTrail."
        remedy = _REMEDIES.get(code, otherwise)
        return RootKeyUnavailable(f"{self.description} refuses ({code or 'no reason given'}). {remedy}")

    def _no_answer(self, kind: str) -> RootKeyProblem:
        if kind == "NoRegionError":
            return RootKeyProblem(f"{self.description}: no region. Set AWS_REGION, or name the key by its ARN.")
        if kind in {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}:
            return RootKeyUnavailable(
                f"{self.description}: there are no AWS credentials ({kind}). Give this machine a role, or set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        return RootKeyUnavailable(f"{self.description} cannot be reached ({kind}).")


def _encryption_context(context: bytes) -> dict[str, str]:
    return {_CONTEXT: base64.b64encode(context).decode("ascii")}
