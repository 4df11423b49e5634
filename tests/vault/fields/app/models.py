"""Rows with encrypted fields, for the tests of the fields. No migration: the tests make the tables."""

import uuid
from typing import ClassVar

from django.db import models

from vault.fields import EncryptedJSONField, EncryptedTextField, Envelope, KeyIdIndex
from vault.keys.purposes import Purpose


class Seed(models.Model):
    """A system value, as a second factor has it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=40, default="", blank=True)
    seed = EncryptedTextField()

    seed_ciphertext: bytes
    seed_envelope: Envelope

    objects: ClassVar[models.Manager["Seed"]] = models.Manager()

    class Meta:
        app_label = "fields_app"

    def __str__(self) -> str:
        return self.name


class LabelledSeed(Seed):
    """A seed with a row of its own table besides: its value stays in the parent's."""

    label = models.CharField(max_length=40, default="", blank=True)

    objects: ClassVar[models.Manager["LabelledSeed"]] = models.Manager()

    class Meta:
        app_label = "fields_app"


class Version(models.Model):
    """An organization's value, as a version of a secret has it: bound to secret and number, not to its own key."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    secret_id = models.UUIDField(default=uuid.uuid4)
    number = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=40, default="", blank=True)
    seed = models.ForeignKey(Seed, null=True, blank=True, on_delete=models.CASCADE, related_name="versions")
    payload = EncryptedJSONField()

    payload_ciphertext: bytes
    payload_envelope: Envelope

    objects: ClassVar[models.Manager["Version"]] = models.Manager()

    class Meta:
        app_label = "fields_app"
        constraints = [models.UniqueConstraint(fields=["secret_id", "number"], name="one_version_per_number")]
        indexes = [KeyIdIndex("payload", name="version_key_id")]

    def __str__(self) -> str:
        return f"Version {self.number}"


class _Texts(models.Model):
    """Two texts in one row, under an organization's key: what belongs in one must not open in the other."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    title = models.CharField(max_length=40, default="", blank=True)
    body = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id")
    footer = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id", blank=True)

    body_ciphertext: bytes
    body_envelope: Envelope
    footer_ciphertext: bytes
    footer_envelope: Envelope

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Note(_Texts):
    """One of two tables with the same columns."""

    objects: ClassVar[models.Manager["Note"]] = models.Manager()

    class Meta:
        app_label = "fields_app"


class Draft(_Texts):
    """The other one."""

    objects: ClassVar[models.Manager["Draft"]] = models.Manager()

    class Meta:
        app_label = "fields_app"


class Fragment(models.Model):
    """A part of a text, in a table whose primary key has two columns, one of them a uid."""

    pk = models.CompositePrimaryKey("document_id", "position")
    document_id = models.UUIDField(default=uuid.uuid4)
    position = models.PositiveIntegerField()
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization_id = models.UUIDField()
    text = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id", row_version="position")

    text_ciphertext: bytes
    text_envelope: Envelope

    objects: ClassVar[models.Manager["Fragment"]] = models.Manager()

    class Meta:
        app_label = "fields_app"
        indexes = [KeyIdIndex("text", name="fragment_key_id")]

    def __str__(self) -> str:
        return f"Fragment {self.position}"
