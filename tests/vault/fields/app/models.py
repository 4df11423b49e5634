"""Rows with encrypted fields, for the tests of the fields. No migration: the tests make the tables."""

import uuid

from django.db import models

from vault.fields import EncryptedJSONField, EncryptedTextField
from vault.keys.purposes import Purpose


class Seed(models.Model):
    """A system value, as a second factor has it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=40, default="", blank=True)
    seed = EncryptedTextField()

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """An organization's value, as a version of a secret has it: bound to secret and number, not to its own key."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    secret_id = models.UUIDField()
    number = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=40, default="", blank=True)
    payload = EncryptedJSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["secret_id", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"Version {self.number}"


class Note(models.Model):
    """Two texts in one row, under an organization's key: what belongs in one must not open in the other."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    title = models.CharField(max_length=40, default="", blank=True)
    body = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id")
    footer = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id", blank=True)

    def __str__(self) -> str:
        return self.title
