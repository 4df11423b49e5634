"""Model fields whose values are ciphertext everywhere but in the attribute that a person's permission has led to.

``instance.payload`` decrypts when it is read and encrypts when the row is saved; ``instance.payload_envelope`` is what
the database holds, an opaque ``Envelope``, and all that a query, a serializer or a debug page ever sees. Every other
way for a plaintext into or out of the column raises ``PlaintextRefused``.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from django.core import checks
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from vault.crypto import envelope as envelopes
from vault.crypto.aad import RowBinding
from vault.crypto.errors import KeyUnavailable, UnsupportedFormat, ValueTooLarge
from vault.crypto.fingerprint import fingerprint
from vault.crypto.secrecy import Confidential
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import SYSTEM_SCOPE, Purpose

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field  # generic for the type checker only

_MARKER = "hfenvelope-"


class PlaintextRefused(TypeError):
    """A plaintext, or an expression, was about to go where only ciphertext may be. Assign to the attribute and save."""


class RowMoved(ValueError):
    """A stored value would be saved where it could not be opened: the row's scope, uid or version was changed."""


class Envelope(bytes):
    """A stored value as it rests. Its bytes are ciphertext, but ``repr`` and ``str`` show only which key it names."""

    __slots__ = ()

    @property
    def key_id(self) -> bytes:
        """The 16-byte id of the tenant key that it names. Raises UnsupportedFormat."""
        return envelopes.key_id_of(self)

    def __repr__(self) -> str:
        try:
            return f"<Envelope under {fingerprint(self.key_id)}>"
        except UnsupportedFormat:
            return "<Envelope of an unknown format>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)


class _Unsaved(Confidential):
    """A plaintext that was assigned and not yet saved: what the attribute gives, and its bytes."""

    __slots__ = ("plaintext", "value")

    plaintext: bytes
    value: Any

    def __init__(self, value: Any, plaintext: bytes) -> None:
        self._set(value=value, plaintext=plaintext)


class _Opened(Confidential):
    """A value that was decrypted or written by this instance, and the envelope and place it belongs to.

    A pickle or a deep copy of the instance leaves it behind: the ciphertext is there and opens again.
    """

    __slots__ = ("binding", "envelope", "value")

    envelope: Envelope
    binding: RowBinding
    value: Any

    def __init__(self, envelope: Envelope, binding: RowBinding, value: Any) -> None:
        _set_envelope(self, envelope)
        _set_binding(self, binding)
        _set_value(self, value)

    def __reduce_ex__(self, protocol: object) -> Any:
        return _nothing, ()

    def __deepcopy__(self, memo: object) -> None:
        return None


# The slots' own setters: this type is made for each value that is read, and object.__setattr__ by name is twice as slow.
_set_envelope = _Opened.__dict__["envelope"].__set__
_set_binding = _Opened.__dict__["binding"].__set__
_set_value = _Opened.__dict__["value"].__set__


def _nothing() -> None:
    return None


@lru_cache(maxsize=4096)
def _scope_of(uid: int) -> str:
    return str(UUID(int=uid))


class EncryptedValue:
    """The attribute of an encrypted field: decrypts on first access, remembers, and marks what is assigned."""

    def __init__(self, field: "EncryptedField") -> None:
        self.field = field
        self._attname = field.attname
        self._opened_name = field.opened_name

    def __repr__(self) -> str:
        return f"<EncryptedValue {self.field}>"

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        """The plaintext; None while none was assigned.

        Raises what ``vault.crypto.envelope.decrypt`` and ``vault.keys.keyrings.keyring_for`` raise.
        """
        if instance is None:
            return self
        state = instance.__dict__
        held = state.get(self._attname)
        opened = state.get(self._opened_name)
        if opened is not None and opened.envelope is held:
            return opened.value
        if held.__class__ is not Envelope:
            if self._attname not in state:
                held = getattr(instance, self._attname)  # deferred: loads it
            if isinstance(held, _Unsaved):
                return held.value
            if held is None:
                return None
            if not isinstance(held, Envelope):
                raise self.field.refusal("holds something that was not assigned to its attribute")
        binding = self.field.binding(instance)
        value = self.field.from_plaintext(self.field.decrypt(held, binding))
        state[self._opened_name] = _Opened(held, binding, value)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        """Take a plaintext, which the next save encrypts, or an Envelope as it is.

        Raises PlaintextRefused for an expression or a value of another type, ValueError for a text that is not Unicode,
        ValueTooLarge beyond 4 MiB.
        """
        instance.__dict__.pop(self._opened_name, None)
        if value is not None and not isinstance(value, Envelope):
            value = self.field.unsaved(value)
        instance.__dict__[self._attname] = value


class EncryptedField(_Field):
    """Base of the encrypted fields: one envelope (vault/crypto/FORMAT.md) in a bytea or BLOB column.

    The row is named by attributes of the instance: ``scope`` (an organization's uid; None is the system scope),
    ``row`` (a UUID that exists before the INSERT) and ``row_version`` (an integer; None is 1). What they hold is bound
    into the envelope and must not change afterwards: a save that would write an envelope where it does not open raises
    RowMoved. ``purpose`` says which of the scope's keys.

    Cannot be null, unique, indexed or have a default, and never appears in a form. ``bulk_create`` works; with
    ``update_conflicts`` the ``unique_fields`` must include the row's uid, because an existing row keeps its own.
    """

    empty_strings_allowed = False

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        *,
        purpose: Purpose,
        scope: str | None,
        row: str,
        row_version: str | None,
        **options: Any,
    ) -> None:
        for refused in ("null", "unique", "db_index", "primary_key", "default", "db_default", "choices"):
            if refused in options:
                raise TypeError(f"An encrypted field cannot have {refused}=.")
        options["editable"] = False
        super().__init__(verbose_name, name, **options)
        self.purpose = Purpose(purpose)
        self.scope = scope
        self.row = row
        self.row_version = row_version
        self._purpose_value = self.purpose.value

    # --- what a subclass says about its plaintext ---------------------------------------------------------------------

    def to_plaintext(self, value: Any) -> bytes:
        """The value as bytes. Raises PlaintextRefused for another type, ValueError for what cannot be written."""
        raise NotImplementedError

    def from_plaintext(self, plaintext: bytes) -> Any:
        """The value that ``to_plaintext`` wrote."""
        raise NotImplementedError

    # --- as a Django field --------------------------------------------------------------------------------------------

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        kwargs.update(purpose=self.purpose.value, scope=self.scope, row=self.row, row_version=self.row_version)
        return name, path, args, kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        # No get_placeholder, unlike BinaryField: with one Django 5.2 gives up UNNEST for bulk inserts on PostgreSQL.
        return "bytea" if connection.vendor == "postgresql" else "BLOB"

    def get_internal_type(self) -> str:
        return "BinaryField"  # what the backends know it as: UNNEST is only for types they know

    def get_attname(self) -> str:
        return f"{self.name}_envelope"

    def get_attname_column(self) -> tuple[str, str]:
        return self.get_attname(), self.db_column or self.name

    @property
    def opened_name(self) -> str:
        """Where an instance keeps what it opened, below a name that is not an attribute of the model."""
        return f"_{self.name}_opened"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        setattr(cls, self.name, EncryptedValue(self))

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_binding()]

    def _check_binding(self) -> list[checks.CheckMessage]:
        named = {"scope": self.scope, "row": self.row, "row_version": self.row_version}
        return [
            checks.Error(
                f"{argument}={attribute!r} names no attribute of {self.model.__name__}.",
                hint="Name an attribute that tells which row a value belongs to.",
                obj=self,
                id="vault.fields.E001",
            )
            for argument, attribute in named.items()
            if attribute is not None and not hasattr(self.model, attribute)
        ]

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        """No form field: a form for a secret is written by hand, never generated from the model."""
        return None

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """As ``Field.clean``, for what ``full_clean`` finds under the attname: only an unsaved value is validated."""
        if value is None:
            raise ValidationError(self.error_messages["null"], code="null")
        if isinstance(value, _Unsaved):
            if not self.blank and not value.value:
                raise ValidationError(self.error_messages["blank"], code="blank")
            self.run_validators(value.value)
        elif not isinstance(value, Envelope):
            raise self.refusal("holds something that was not assigned to its attribute")
        return value

    # --- to and from the database -------------------------------------------------------------------------------------

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Envelope | None:
        return None if value is None else Envelope(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Envelope:
        """The envelope to write: encrypts what was assigned; else the one that is there, if it opens where it goes.

        Raises RowMoved, and what ``vault.crypto.envelope.encrypt`` raises.
        """
        state = model_instance.__dict__
        held = getattr(model_instance, self.attname)
        binding = self.binding(model_instance)
        if isinstance(held, _Unsaved):
            return self._encrypt(model_instance, binding, held.value, held.plaintext)
        if held is None:
            raise ValueError(f"{self} has no value. Assign one before saving.")
        if not isinstance(held, Envelope):
            raise self.refusal("holds something that was not assigned to its attribute")
        opened: _Opened | None = state.get(self.opened_name)
        if opened is not None and opened.envelope is held:
            if opened.binding == binding:
                return held
            if (
                add or model_instance._state.adding
            ):  # never stored, or copied to a new row: what was assigned or read is here to be encrypted for it
                return self._encrypt(model_instance, binding, opened.value, self.to_plaintext(opened.value))
        self._refuse_moved(held, binding)
        return held

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Envelope):
            return value
        raise self.refusal("takes no plaintext and no expression from a query")

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return None if value is None else bytes(self.get_prep_value(value))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        # Field.get_db_prep_save would let expressions pass: F(), Value(), the Case of bulk_update.
        return self.get_db_prep_value(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise self.refusal(f"cannot be looked up ({lookup_name})")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> NoReturn:
        raise self.refusal(f"cannot be looked up ({lookup_name})")

    def value_to_string(self, obj: models.Model) -> str:
        """For ``dumpdata``: the ciphertext, marked as such. It loads again into the same row, and nowhere else."""
        held = self.value_from_object(obj)
        if not isinstance(held, Envelope):
            raise self.refusal("cannot be serialized before it is saved")
        return _MARKER + base64.urlsafe_b64encode(held).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """For ``loaddata``: reads what ``value_to_string`` wrote."""
        if isinstance(value, (Envelope, _Unsaved)) or value is None:
            return value
        if isinstance(value, str) and value.startswith(_MARKER):
            try:
                return Envelope(base64.b64decode(value[len(_MARKER) :], altchars=b"-_", validate=True))
            except (binascii.Error, ValueError):
                raise ValidationError("This is not a stored value.", code="invalid") from None
        raise self.refusal("loads ciphertext only")

    # --- encryption ---------------------------------------------------------------------------------------------------

    def binding(self, instance: models.Model) -> RowBinding:
        """The place of this field's value in an instance, from the attributes that the field names."""
        if self.scope is None:
            scope = SYSTEM_SCOPE
        else:
            uid = getattr(instance, self.scope)
            scope = _scope_of(uid.int) if isinstance(uid, UUID) else str(uid)
        version = 1 if self.row_version is None else getattr(instance, self.row_version)
        return RowBinding(scope, self.model._meta.db_table, self.column, getattr(instance, self.row), version)

    def decrypt(self, envelope: bytes, binding: RowBinding) -> bytes:
        """The plaintext bytes of an envelope in this column. Raises as ``vault.crypto.envelope.decrypt``."""
        try:
            return envelopes.decrypt(keyring_for(binding.scope, self.purpose), envelope, binding)
        except KeyUnavailable as missing:
            ring = keyring_for(binding.scope, self.purpose, needing=missing.key_id)
            return envelopes.decrypt(ring, envelope, binding)

    def unsaved(self, value: Any) -> _Unsaved:
        """A plaintext that waits for its save. Raises as the attribute's assignment does."""
        if isinstance(value, _Unsaved):
            return value
        plaintext = self.to_plaintext(value)
        if len(plaintext) > envelopes.MAX_PLAINTEXT:
            raise ValueTooLarge(envelopes.MAX_PLAINTEXT)
        return _Unsaved(self.from_plaintext(plaintext), plaintext)

    def _encrypt(self, instance: models.Model, binding: RowBinding, value: Any, plaintext: bytes) -> Envelope:
        ring = keyring_for(binding.scope, self.purpose)
        held = Envelope(envelopes.encrypt(ring, plaintext, binding))
        instance.__dict__[self.attname] = held
        instance.__dict__[self.opened_name] = _Opened(held, binding, value)
        return held

    def _refuse_moved(self, held: Envelope, binding: RowBinding) -> None:
        ring = keyring_for(binding.scope, self.purpose, needing=held.key_id)
        if not envelopes.belongs_to(ring, held, binding):
            raise RowMoved(
                f"{self} of row {binding.row} was encrypted for another scope, row or version, and would not open "
                "again. Restore those attributes, or assign the value anew."
            )

    def refusal(self, why: str) -> PlaintextRefused:
        """The exception to raise where a plaintext could go astray. Never carries a value."""
        return PlaintextRefused(f"{self} {why}. Assign to the attribute of an instance and save that.")


class EncryptedTextField(EncryptedField):
    """One text, encrypted. By default a system value under the ``totp`` key, bound to the row's ``uid``."""

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        *,
        purpose: Purpose = Purpose.TOTP,
        scope: str | None = None,
        row: str = "uid",
        row_version: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(verbose_name, name, purpose=purpose, scope=scope, row=row, row_version=row_version, **options)

    def to_plaintext(self, value: Any) -> bytes:
        """UTF-8. Raises PlaintextRefused for anything but a str, ValueError for a lone surrogate."""
        if not isinstance(value, str):
            raise self.refusal(f"takes a text, not {type(value).__name__}")
        return _utf8(value, self)

    def from_plaintext(self, plaintext: bytes) -> str:
        """The text."""
        return plaintext.decode()


class EncryptedJSONField(EncryptedField):
    """A mapping of text to text, encrypted as one value. By default a version of an organization's secret.

    Takes any mapping; gives a read-only one, because a change inside of it would be lost: assign a new mapping.
    """

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        *,
        purpose: Purpose = Purpose.DATA,
        scope: str | None = "organization_id",
        row: str = "secret_id",
        row_version: str | None = "number",
        **options: Any,
    ) -> None:
        super().__init__(verbose_name, name, purpose=purpose, scope=scope, row=row, row_version=row_version, **options)

    def to_plaintext(self, value: Any) -> bytes:
        """JSON without spaces, in UTF-8, in the mapping's order. Raises PlaintextRefused unless text maps to text."""
        if not isinstance(value, Mapping):
            raise self.refusal(f"takes a mapping of text to text, not {type(value).__name__}")
        if not all(isinstance(key, str) and isinstance(text, str) for key, text in value.items()):
            raise self.refusal("takes a mapping of text to text, and found something else in it")
        return _utf8(json.dumps(dict(value), ensure_ascii=False, separators=(",", ":")), self)

    def from_plaintext(self, plaintext: bytes) -> Mapping[str, str]:
        """The mapping, read-only."""
        return MappingProxyType(json.loads(plaintext))


def _utf8(text: str, field: EncryptedField) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # From None, and not the exception itself: it carries the text.
        raise ValueError(f"{field} has a character that is not valid Unicode (half of a surrogate pair).") from None
