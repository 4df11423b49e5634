"""The records that people come for."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models import Environment, Organization, Project
from orgs.permissions import Standing
from orgs.places import Place
from vault.fields import EncryptedJSONField, Envelope, KeyIdIndex
from vault.keys.purposes import Purpose
from vault.seals import SealedModel
from vault.secrets.kinds import ICONS, Kind

_WORDS = "tells people, and decides nothing"


def class_source(project: Project, environment: Environment) -> str:
    """What people call the place whose class its secrets inherit: the environment, or the project whose only one it
    is."""
    return project.name if project.kind == Project.Kind.PASSWORDS else environment.name


class Tag(models.Model):
    """A word by which secrets are found, shared by an organization."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40, help_text="Lower case.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="tag_once_per_organization")]

    def __str__(self) -> str:
        return self.name


class Secret(SealedModel):
    """What is known about a secret without opening it. The values are in its versions.

    Sealed is what decides who may open it: where it is, its name, which grants may be about, and its class.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="secrets")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="secrets")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=400, editable=False, help_text="The name folded, for order and search.")
    description = models.CharField(max_length=1000, blank=True)
    search_text = models.TextField(blank=True, editable=False, help_text="Name, description and tags, folded.")
    tags: "models.ManyToManyField[Tag, SecretTag]" = models.ManyToManyField(
        Tag, related_name="secrets", blank=True, through="SecretTag"
    )
    classification = models.PositiveSmallIntegerField(
        choices=Classification.choices, null=True, blank=True, help_text="Empty: that of its environment."
    )
    version = models.PositiveIntegerField(default=0, help_text="The number of the current version.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    trashed_at = models.DateTimeField(null=True)
    trashed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = ("organization_id", "project_id", "environment_id", "kind", "name", "classification", "trashed_at")
    SEAL_EXEMPT: ClassVar = {
        "name_key": _WORDS,
        "description": _WORDS,
        "search_text": _WORDS,
        "version": "which of its own values is the current one; each is encrypted for its number",
        "created_at": _WORDS,
        "created_by_id": _WORDS,
        "updated_at": _WORDS,
        "updated_by_id": _WORDS,
        "trashed_by_id": _WORDS,
    }
    SEAL_RESOURCE = ResourceKind.SECRET

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"],
                condition=Q(trashed_at__isnull=True),
                name="secret_name_once_per_environment",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="secret_kind_known"),
            models.CheckConstraint(
                condition=Q(classification__isnull=True) | Q(classification__in=Classification.values),
                name="secret_classification_known",
            ),
        ]
        indexes = [
            # The list reads one page in this order; the trash reads the same table the other way round.
            models.Index(
                fields=["organization", "name_key", "uid"], condition=Q(trashed_at__isnull=True), name="secret_list"
            ),
            models.Index(fields=["project", "name_key", "name", "uid"], name="secret_list_of_project"),
            models.Index(
                fields=["organization", "trashed_at", "uid"],
                condition=Q(trashed_at__isnull=False),
                name="secret_trash",
            ),
        ]

    standing: Standing | None = None
    """That of the actor for whom it was fetched (`vault.secrets.selectors.secret_for`)."""

    def __str__(self) -> str:
        return self.name

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.SECRET, str(self.uid), self.name)

    @property
    def effective_classification(self) -> Classification:
        """Its own class, or else that of its environment, which should be loaded."""
        return Classification(self.environment.classification if self.classification is None else self.classification)

    @property
    def class_source(self) -> str:
        """What its class comes from, if it has none of its own."""
        return class_source(self.project, self.environment)

    @property
    def place(self) -> Place:
        """What access to it is asked about."""
        return self.environment.place.secret(self.name, self.effective_classification)

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        return ICONS[Kind(self.kind)]


class SecretTag(models.Model):
    """That a secret has a tag. It carries the organization, so that the database can tell whose it is."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    secret = models.ForeignKey(Secret, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE)

    class Meta:
        db_table = "secrets_secret_tags"
        unique_together = [("secret", "tag")]  # as the table was made

    def __str__(self) -> str:
        return f"Tag {self.tag_id} of {self.secret_id}"


class SecretVersion(models.Model):
    """One immutable, numbered state of a secret.

    Every edit makes one, also an edit of the name, the description or the tags: that two people edited at the same time
    can then be told by the number alone.

    `payload` maps field names to text. Its envelope is bound to the organization, the secret and the number, so a
    version put under another secret, another number or another tenant does not open.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    secret = models.ForeignKey(Secret, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    payload_envelope: Envelope  # what the field below keeps: for its key id, without opening anything
    payload = EncryptedJSONField(purpose=Purpose.DATA, scope="organization_id", row="secret_id", row_version="number")
    field_names = models.JSONField(default=list, help_text="The names of the fields that hold something.")
    changed_fields = models.JSONField(
        default=list,
        help_text="The names of the fields that differ from before, and of name, description or tags if those do.",
    )
    restored_from = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["secret", "number"], name="secret_version_once")]
        indexes = [KeyIdIndex("payload", name="secret_version_key_id")]

    def __str__(self) -> str:
        return f"Version {self.number}"
