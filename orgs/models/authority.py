"""Who may do what: teams, machines, roles of an organization's own, and grants.

`orgs.permissions` decides by these rows and by memberships; nothing else does.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models.organizations import Membership, Organization
from orgs.models.places import Environment, Project
from orgs.places import Place, Scope
from orgs.roles import Role
from vault.seals import SealedModel

_WORDS = "tells people, and decides nothing"


class Team(SealedModel):
    """Members who get the same grants. A team may have teams below it, which have none: its grants reach those too."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="subteams")
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=200, editable=False, help_text="The name folded for order and uniqueness.")
    description = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = ("organization_id", "parent_id", "name", "name_key")
    SEAL_EXEMPT: ClassVar = {"description": _WORDS, "created_at": _WORDS, "created_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.TEAM

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name_key"], name="team_name_once_per_organization"),
            models.CheckConstraint(condition=~Q(parent=F("uid")), name="team_not_below_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.TEAM, str(self.uid), self.name)


class TeamMembership(SealedModel):
    """A member's place in a team."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="team_memberships")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="team_memberships")
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = ("organization_id", "team_id", "membership_id")
    SEAL_EXEMPT: ClassVar = {"added_at": _WORDS, "added_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.TEAM

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "membership"], name="once_in_a_team")]

    def __str__(self) -> str:
        return f"Team membership {self.uid}"


class Machine(SealedModel):
    """A program with access of its own. What it proves itself with is not kept here."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="machines")
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=200, editable=False, help_text="The name folded for order and uniqueness.")
    description = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    disabled_at = models.DateTimeField(null=True, editable=False)

    SEALED = ("organization_id", "name", "name_key", "disabled_at")
    SEAL_EXEMPT: ClassVar = {"description": _WORDS, "created_at": _WORDS, "created_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.MACHINE

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name_key"], name="machine_name_once_per_organization")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether it may do anything at all."""
        return self.disabled_at is None

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.MACHINE, str(self.uid), self.name)


class CustomRole(SealedModel):
    """A role of an organization's own: permissions out of the closed list."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="custom_roles")
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=200, editable=False, help_text="The name folded for order and uniqueness.")
    description = models.CharField(max_length=500, blank=True)
    permissions = models.JSONField(default=list, help_text="Names of permissions, sorted.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    SEALED = ("organization_id", "name", "name_key", "permissions")
    SEAL_EXEMPT: ClassVar = {"description": _WORDS, "created_at": _WORDS, "created_by_id": _WORDS, "changed_at": _WORDS}
    SEAL_RESOURCE = ResourceKind.ROLE

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name_key"], name="role_name_once_per_organization")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.ROLE, str(self.uid), self.name)


class Grant(SealedModel):
    """One line of authority: a subject has a role in a scope, from a moment until another, up to a classification.

    A revoked one stays as a row, so that a review and the log can name it. The narrowest of `project`, `environment`
    and `path` is its scope; with none it is the organization.
    """

    class SubjectKind(models.TextChoices):
        MEMBER = "member", "Member"
        TEAM = "team", "Team"
        MACHINE = "machine", "Machine"
        EVERYONE = "everyone", "Every member"

    class Origin(models.TextChoices):
        GIVEN = "given", "Given"
        OPENED = "opened", "Open project"
        REQUESTED = "requested", "Approved request"
        BREAK_GLASS = "break_glass", "Break-glass"
        HANDED_OVER = "handed_over", "Handed over"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="grants")
    subject_kind = models.CharField(max_length=16, choices=SubjectKind.choices)
    membership = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="grants")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="grants")
    machine = models.ForeignKey(Machine, null=True, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=16, choices=Role.choices, blank=True, help_text="A built-in role, or …")
    custom_role = models.ForeignKey(CustomRole, null=True, on_delete=models.PROTECT, related_name="grants")
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="grants")
    environment = models.ForeignKey(Environment, null=True, on_delete=models.PROTECT, related_name="grants")
    path = models.CharField(max_length=200, blank=True, help_text="The first parts of names: `db` holds for `db/…`.")
    highest = models.PositiveSmallIntegerField(choices=Classification.choices, default=Classification.CRITICAL)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="From this moment on it holds no more.")
    approvals = models.PositiveSmallIntegerField(default=0, help_text="How many people have approved it.")
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.GIVEN)
    reason = models.CharField(max_length=500, blank=True)
    granted_at = models.DateTimeField(default=timezone.now, editable=False)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = (
        "organization_id",
        "subject_kind",
        "membership_id",
        "team_id",
        "machine_id",
        "role",
        "custom_role_id",
        "project_id",
        "environment_id",
        "path",
        "highest",
        "starts_at",
        "ends_at",
        "approvals",
        "origin",
        "revoked_at",
    )
    SEAL_EXEMPT: ClassVar = {
        "reason": _WORDS,
        "granted_at": _WORDS,
        "granted_by_id": _WORDS,
        "revoked_by_id": _WORDS,
    }
    SEAL_RESOURCE = ResourceKind.GRANT

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(subject_kind="member", membership__isnull=False, team__isnull=True, machine__isnull=True)
                    | Q(subject_kind="team", membership__isnull=True, team__isnull=False, machine__isnull=True)
                    | Q(subject_kind="machine", membership__isnull=True, team__isnull=True, machine__isnull=False)
                    | Q(subject_kind="everyone", membership__isnull=True, team__isnull=True, machine__isnull=True)
                ),
                name="grant_has_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(role="", custom_role__isnull=False) | Q(~Q(role=""), custom_role__isnull=True),
                name="grant_has_one_role",
            ),
            models.CheckConstraint(
                condition=Q(environment__isnull=True) | Q(project__isnull=False), name="grant_environment_in_project"
            ),
            models.CheckConstraint(
                condition=Q(path="") | Q(environment__isnull=False), name="grant_path_in_environment"
            ),
            models.CheckConstraint(condition=Q(highest__in=Classification.values), name="grant_classification_known"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="grant_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(subject_kind="everyone", revoked_at__isnull=True),
                name="project_opened_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "subject_kind"], name="grant_by_subject_kind"),
            models.Index(fields=["project"], name="grant_by_project"),
        ]

    def __str__(self) -> str:
        return f"Grant {self.uid}"

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.GRANT, str(self.uid), self.role_label)

    @property
    def scope(self) -> Scope:
        """How far it reaches."""
        return Scope(self.organization_id, self.project_id, self.environment_id, self.path)

    @property
    def place(self) -> Place:
        """What access to it is asked about: all of its scope."""
        return self.scope.place

    @property
    def subject(self) -> "Membership | Team | Machine | None":
        """Who has it; None if every member has. Needs that row: selectors that hand out grants load it."""
        return self.membership or self.team or self.machine

    def is_live(self, at: datetime) -> bool:
        """Whether it holds at a moment, or will later on."""
        return self.revoked_at is None and (self.ends_at is None or at < self.ends_at)

    @property
    def role_label(self) -> str:
        """The role's name. Needs the custom role: selectors that hand out grants load it."""
        return str(self.custom_role) if self.custom_role is not None else self.get_role_display()
