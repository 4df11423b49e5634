"""The index by which the rows under one tenant key are found."""

from typing import Any

from django.db import models
from django.db.models.expressions import F, Func
from django.db.models.functions import Substr

from vault.crypto.fingerprint import KEY_ID_SIZE

KEY_ID_OFFSET = 2
"""Where an envelope's key id begins, as SQL counts: after the version byte (vault/crypto/FORMAT.md)."""


class KeyIdIndex(models.Index):
    """An index on the key id of an encrypted field, then on the primary key.

    It counts the rows under a key, and gives them in an order that a pass over them can be taken up again in, without
    opening one. Every encrypted field needs one; ``vault.fields.registry`` finds the fields, a test the missing index.
    """

    def __init__(self, field: str, *, name: str) -> None:
        """``field``: the name of an encrypted field. ``name``: of the index, at most 30 characters."""
        super().__init__(key_id_of_column(field), name=name)
        self.field = field

    def deconstruct(self) -> Any:
        return "vault.fields.KeyIdIndex", (self.field,), {"name": self.name}

    def create_sql(self, model: type[models.Model], schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        """The statement: the primary key's columns are known only with the model."""
        keys = [F(field.name) for field in model._meta.pk_fields]
        whole = models.Index(*self.expressions, *keys, name=self.name)
        return whole.create_sql(model, schema_editor, using=using, **kwargs)


def key_id_of_column(field: str) -> Func:
    """The key id in an encrypted field, as an expression: 16 bytes of each row."""
    return Substr(F(field), KEY_ID_OFFSET, KEY_ID_SIZE, output_field=models.BinaryField())
