"""What the encrypted fields have in common, as Django fields."""

import base64
import binascii
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from django.core import checks
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col

from vault.crypto import envelope as envelopes
from vault.crypto.aad import RowBinding, context, place, row_context
from vault.crypto.errors import KeyUnavailable, ValueTooLarge
from vault.crypto.keyring import KeyUse
from vault.fields.attribute import EncryptedValue
from vault.fields.stored import Envelope, Opened, PlaintextRefused, RowMoved, Unsaved
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.writing import keyring_to_write

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field  # generic for the type checker only

_MARKER = "hfenvelope-"

_REFUSED_OPTIONS = (
    *("null", "unique", "db_index", "primary_key", "default", "db_default", "choices"),
    *("editable", "unique_for_date", "unique_for_month", "unique_for_year"),
)


class _EncryptedCol(Col):
    """The column in a query.

    Rows that become instances keep the driver's bytes: there the attribute tells ciphertext from plaintext, and an
    object for each row would make loading a sixth slower. Whatever else selects the column (``values``, annotations,
    raw queries) gets an ``Envelope``.
    """

    _for_instances = False

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        query = compiler.query
        self._for_instances = query.default_cols and not any(
            self is annotation for annotation in query.annotation_select.values()
        )
        return sql, params

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        return [] if self._for_instances else super().get_db_converters(connection)


class _KeptCol(_EncryptedCol):
    """The column as the value that it gets in an UPDATE."""


class _Kept(models.F):
    """What to write for a value that stays what it is in the row, whoever changed it there meanwhile."""

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        column: Any = super().resolve_expression(*args, **kwargs)
        return _KeptCol(column.alias, column.target, column.output_field)


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
    empty_values = ()  # so that full_clean always asks clean(): a blank text is a value, a missing one is not

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
        for refused in _REFUSED_OPTIONS:
            if refused in options:
                raise TypeError(f"An encrypted field cannot have {refused}=.")
        options["editable"] = False
        super().__init__(verbose_name, name, **options)
        self.purpose = Purpose(purpose)
        self.scope = scope
        self.row = row
        self.row_version = row_version

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
        return f"{self.name}_ciphertext"

    def get_attname_column(self) -> tuple[str, str]:
        return self.get_attname(), self.db_column or self.name

    @property
    def opened_name(self) -> str:
        """Where an instance keeps what it opened, below a name that is not an attribute of the model."""
        return f"_{self.name}_opened"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)

        @lru_cache(maxsize=4096)
        def place_of(uid: int | None) -> tuple[str, bytes]:
            """The scope as text, and what the contexts of its values in this column share."""
            scope = SYSTEM_SCOPE if uid is None else str(UUID(int=uid))
            return scope, place(scope, cls._meta.db_table, self.get_attname_column()[1])

        self._place = place_of
        setattr(cls, self.name, EncryptedValue(self))
        setattr(cls, f"{self.name}_envelope", property(self._envelope))

    def get_col(self, alias: str, output_field: "_Field | None" = None) -> Col:
        return _EncryptedCol(alias, self, output_field)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_binding(), *self._check_purpose()]

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

    def _check_purpose(self) -> list[checks.CheckMessage]:
        if self.purpose.use is KeyUse.WRAP and (self.purpose is Purpose.DATA) == (self.scope is not None):
            return []
        return [
            checks.Error(
                f"purpose={self.purpose.value!r} does not fit scope={self.scope!r}.",
                hint="An organization's values take the purpose data; values of the instance take totp and no scope.",
                obj=self,
                id="vault.fields.E002",
            )
        ]

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        """None: a form for a secret is written by hand, never generated from the model."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """As ``Field.clean``, for what ``full_clean`` finds under the attname: only an unsaved value is validated."""
        if value is None:
            raise ValidationError(self.error_messages["null"], code="null")
        if isinstance(value, Unsaved):
            if value.value:
                self.run_validators(value.value)
            elif not self.blank:
                raise ValidationError(self.error_messages["blank"], code="blank")
        elif not isinstance(value, bytes):
            raise self.refusal("holds something that was not assigned to its attribute")
        return value

    # --- to and from the database -------------------------------------------------------------------------------------

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Envelope | None:
        return None if value is None else Envelope(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Envelope | _Kept:
        """The envelope to write: encrypts what was assigned; else the one that is there, if it opens where it goes.

        What was read and not assigned is not written again but stays what it is in the row: it may have come under
        another key since, and the former one may be gone. Encrypting takes the transaction that writes the row
        (``vault.keys.writing``). Raises RowMoved, and what ``vault.crypto.envelope.encrypt`` and ``keyring_to_write``
        raise.
        """
        held = self.held(model_instance)
        if isinstance(held, Unsaved):
            return self._encrypt(model_instance, held.value, held.plaintext)
        if held is None:
            raise ValueError(f"{self} has no value. Assign one before saving.")
        opened: Opened | None = model_instance.__dict__.get(self.opened_name)
        if opened is not None and opened[Opened.ENVELOPE] is held:
            if opened[Opened.CONTEXT] == self.context(model_instance)[1]:
                return self._kept(model_instance, held, new=add or model_instance._state.adding)
            if add or model_instance._state.adding:
                # Never stored, or copied to a new row: what was assigned or read is here, to be encrypted for it.
                return self._encrypt(model_instance, opened[Opened.VALUE], self.to_plaintext(opened[Opened.VALUE]))
        self._refuse_moved(held, self.binding(model_instance))
        return self._kept(model_instance, held, new=add or model_instance._state.adding)

    def _kept(self, instance: models.Model, held: bytes, *, new: bool) -> Envelope | _Kept:
        """What to write for a value that was not assigned, and opens where it goes."""
        if not new and held.__class__ is bytes:  # as the database gave it
            return _Kept(self.name)
        if transaction.get_connection().in_atomic_block:
            scope, _ = self.context(instance)
            if envelopes.key_id_of(held) != keyring_to_write(scope, self.purpose, wraps=0).active.key_id:
                value = getattr(instance, self.name)
                return self._encrypt(instance, value, self.to_plaintext(value))
        return Envelope(held)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Envelope):
            return value
        raise self.refusal("takes no plaintext and no expression from a query")

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return None if value is None else bytes(self.get_prep_value(value))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        # Field.get_db_prep_save would let expressions pass: F(), Value(), the Case of bulk_update.
        if isinstance(value, _KeptCol):
            return value
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
        if not isinstance(held, bytes):
            raise self.refusal("cannot be serialized before it is saved")
        return _MARKER + base64.urlsafe_b64encode(held).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """For ``loaddata``: reads what ``value_to_string`` wrote."""
        if value is None or isinstance(value, Envelope | Unsaved):
            return value
        if isinstance(value, str) and value.startswith(_MARKER):
            try:
                return Envelope(base64.b64decode(value[len(_MARKER) :], altchars=b"-_", validate=True))
            except (binascii.Error, ValueError):
                raise ValidationError("This is not a stored value.", code="invalid") from None
        raise self.refusal("loads ciphertext only")

    # --- encryption ---------------------------------------------------------------------------------------------------

    def held(self, instance: models.Model) -> "bytes | Unsaved | None":
        """What an instance has under the attname: ciphertext, a plaintext that waits for its save, or nothing yet.

        Loads it if it was deferred. Raises PlaintextRefused for anything else.
        """
        held = getattr(instance, self.attname)
        if held is not None and not isinstance(held, bytes | Unsaved):
            raise self.refusal("holds something that was not assigned to its attribute")
        return held

    def _envelope(self, instance: models.Model) -> Envelope | None:
        """The stored value of an instance, unopened. None while there is none, or a plaintext waits for its save."""
        held = self.held(instance)
        return Envelope(held) if isinstance(held, bytes) else None

    def context(self, instance: models.Model) -> tuple[str, bytes]:
        """The scope of an instance's value, and the context that binds it: ``aad.context(self.binding(instance))``."""
        try:
            scope, shared = self._place(None if self.scope is None else getattr(instance, self.scope).int)
        except AttributeError:
            raise TypeError(f"{self} needs {self.scope}, the UUID of an organization, on its row.") from None
        version = 1 if self.row_version is None else getattr(instance, self.row_version)
        return scope, row_context(shared, getattr(instance, self.row), version)

    def binding(self, instance: models.Model) -> RowBinding:
        """The place of this field's value in an instance, from the attributes that the field names."""
        scope, _ = self.context(instance)
        version = 1 if self.row_version is None else getattr(instance, self.row_version)
        _, column = self.get_attname_column()
        return RowBinding(scope, self.model._meta.db_table, column, getattr(instance, self.row), version)

    def decrypt(self, envelope: bytes, binding: RowBinding) -> bytes:
        """The plaintext bytes of an envelope in this column. Raises as ``vault.crypto.envelope.decrypt``."""
        try:
            return envelopes.decrypt(keyring_for(binding.scope, self.purpose), envelope, binding)
        except KeyUnavailable as missing:
            ring = keyring_for(binding.scope, self.purpose, needing=missing.key_id)
            return envelopes.decrypt(ring, envelope, binding)

    def unsaved(self, value: Any) -> Unsaved:
        """A plaintext that waits for its save. Raises as the attribute's assignment does."""
        if isinstance(value, Unsaved):
            return value
        plaintext = self.to_plaintext(value)
        if len(plaintext) > envelopes.MAX_PLAINTEXT:
            raise ValueTooLarge(envelopes.MAX_PLAINTEXT)
        return Unsaved(self.from_plaintext(plaintext), plaintext)

    def _encrypt(self, instance: models.Model, value: Any, plaintext: bytes) -> Envelope:
        binding = self.binding(instance)
        held = Envelope(envelopes.encrypt(keyring_to_write(binding.scope, self.purpose, wraps=1), plaintext, binding))
        instance.__dict__[self.attname] = held
        instance.__dict__[self.opened_name] = Opened((held, context(binding), value))
        return held

    def _refuse_moved(self, held: bytes, binding: RowBinding) -> None:
        ring = keyring_for(binding.scope, self.purpose, needing=envelopes.key_id_of(held))
        if not envelopes.belongs_to(ring, held, binding):
            raise RowMoved(
                f"{self} of row {binding.row} was encrypted for another scope, row or version, and would not open "
                "again. Restore those attributes, or assign the value anew."
            )

    def refusal(self, why: str) -> PlaintextRefused:
        """The exception to raise where a plaintext could go astray. Never carries a value."""
        return PlaintextRefused(f"{self} {why}. Assign to the attribute of an instance and save that.")
