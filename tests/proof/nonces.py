"""What NIST SP 800-38D asks of a key: no nonce twice. Looked up in the envelopes that were made, as stored."""

from collections import Counter
from typing import TypeVar
from uuid import UUID

from accounts.models import TOTPDevice
from vault.crypto import envelope as envelopes
from vault.crypto.aad import RowBinding, context, dek_wrap_aad
from vault.keys.keyrings import keyring_for
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose
from vault.secrets.models import SecretVersion

_Key = TypeVar("_Key")
_What = TypeVar("_What")


class Nonces:
    """Every (key, nonce) that was ever seen, and what was encrypted with it."""

    def __init__(self) -> None:
        self._wrapped_deks: dict[tuple[bytes, bytes], tuple[RowBinding, bytes]] = {}
        self._bodies: dict[bytes, bytes] = {}
        self._wrapped_keys: dict[tuple[bytes, bytes], bytes] = {}
        self._known: set[bytes] = set()
        self._stored: Counter[bytes] = Counter()

    def see_stored(self, organization: UUID) -> None:
        """All values and keys in the database now."""
        for version in SecretVersion.objects.filter(organization_id=organization):
            self.see(version, bytes(version.payload_envelope), "payload")
        for device in TOTPDevice.objects.all():
            self.see(device, bytes(device.key_envelope), "key")
        for key in WrappedKey.objects.all():
            for wrapped in (bytes(key.wrapped), bytes(key.next_wrapped or b"")):
                if wrapped:
                    self._once(self._wrapped_keys, (wrapped[1:17], wrapped[17:29]), wrapped)

    def see(self, row: SecretVersion | TOTPDevice, envelope: bytes, field: str, *, stored: bool = True) -> None:
        """One envelope that was made for a row; not `stored`: its transaction was rolled back."""
        if envelope in self._known:
            return
        self._known.add(envelope)
        binding = type(row)._meta.get_field(field).binding(row)  # type: ignore[union-attr]  # an encrypted field
        header, wrap_nonce, wrapped, *_ = envelopes._FRONT.unpack_from(envelope)
        self._stored[header[1:]] += stored
        self._once(self._wrapped_deks, (header[1:], wrap_nonce), (binding, wrapped))
        purpose = Purpose.DATA if isinstance(row, SecretVersion) else Purpose.TOTP
        key = keyring_for(binding.scope, purpose, needing=header[1:]).get(header[1:])
        dek = key.dek_cipher.decrypt(wrap_nonce, wrapped, dek_wrap_aad(header, context(binding)))
        # A rewrap keeps the body; whatever else has the same data key would be its second use.
        self._once(self._bodies, dek, envelope[envelopes.FRONT_SIZE :])

    def assert_counted(self) -> None:
        """Every key's counter of wraps is at least the number of wraps that were stored."""
        for key in WrappedKey.objects.all():
            stored = self._stored[bytes(key.key_id)]
            assert key.wraps >= stored, f"{key} wrapped {stored} data keys, and its counter says {key.wraps}"

    @staticmethod
    def _once(seen: "dict[_Key, _What]", key: "_Key", what: "_What") -> None:
        assert seen.setdefault(key, what) == what, "a key and nonce were used twice"
