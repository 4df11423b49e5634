"""Where secrets are: projects and their environments."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models.organizations import Organization
from orgs.places import Place
from vault.seals import SealedModel

_WORDS = "tells people, and decides nothing"


class Project(SealedModel):
    """A place for secrets that belong together."""

    class Kind(models.TextChoices):
        PASSWORDS = "passwords", "Shared passwords"
        APPLICATION = "application", "Application configuration"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=200, editable=False, help_text="The name folded for order and uniqueness.")
    description = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = ("organization_id", "kind", "name", "name_key")
    SEAL_EXEMPT: ClassVar = {"description": _WORDS, "created_at": _WORDS, "created_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.PROJECT

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name_key"], name="project_name_once_per_organization"),
            models.CheckConstraint(condition=Q(kind__in=["passwords", "application"]), name="project_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.PROJECT, str(self.uid), self.name)

    @property
    def place(self) -> Place:
        """What access to it is asked about."""
        return Place(self.organization_id, self.uid)


class Environment(SealedModel):
    """Where a value holds: development, staging, production. A project of shared passwords has one, not shown."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=120, editable=False)
    position = models.PositiveSmallIntegerField(default=0)
    classification = models.PositiveSmallIntegerField(
        choices=Classification.choices,
        default=Classification.INTERNAL,
        help_text="Of its secrets that have none of their own.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    SEALED = ("organization_id", "project_id", "name", "name_key", "classification")
    SEAL_EXEMPT: ClassVar = {"position": "the order on the page", "created_at": _WORDS}
    SEAL_RESOURCE = ResourceKind.ENVIRONMENT

    class Meta:
        ordering = ["position", "name_key"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name_key"], name="environment_name_once_per_project"),
            models.CheckConstraint(
                condition=Q(classification__in=Classification.values), name="environment_classification_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.ENVIRONMENT, str(self.uid), self.name)

    @property
    def place(self) -> Place:
        """What access to it is asked about."""
        return Place(self.organization_id, self.project_id, self.uid)
