"""Model fields whose values are ciphertext everywhere but in the attribute that a person's permission has led to.

``instance.payload`` decrypts when it is read and encrypts when the row is saved; ``instance.payload_envelope`` is what
the database holds, an opaque ``Envelope`` that tells its key, and so is whatever a query gives. (The bytes themselves
are in ``payload_ciphertext``, the field's attname, which is all that a serializer or a debug page ever sees.) Every
other way for a plaintext into or out of the column raises ``PlaintextRefused``.
"""

from vault.fields.base import EncryptedField
from vault.fields.indexes import KeyIdIndex
from vault.fields.mapping import EncryptedJSONField
from vault.fields.stored import Envelope, PlaintextRefused, RowMoved
from vault.fields.text import EncryptedTextField

__all__ = [
    "EncryptedField",
    "EncryptedJSONField",
    "EncryptedTextField",
    "Envelope",
    "KeyIdIndex",
    "PlaintextRefused",
    "RowMoved",
]
