"""Organizations (the tenants), who belongs to them, and the invitations to them."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.names import SLUG_LENGTH, free_slug
from orgs.roles import Role
from vault.keys.peppers import KeyedHashField
from vault.keys.purposes import Purpose
from vault.seals import SealedModel

_SLUG_ATTEMPTS = 5


class Organization(models.Model):
    """A tenant: the boundary of keys, of access and of the log."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    slug = models.SlugField(
        max_length=SLUG_LENGTH,
        unique=True,
        editable=False,
        help_text="What commands call it: made from the first name, kept when the name changes.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Gives a new organization its slug; of two of the same name at once, the second takes the next number."""
        attempts = 0 if self.slug else _SLUG_ATTEMPTS
        for _ in range(attempts):
            self.slug = free_slug(self.name, type(self).objects.values_list("slug", flat=True))
            try:
                with transaction.atomic():
                    super().save(*args, **kwargs)
            except IntegrityError:
                if not type(self).objects.filter(slug=self.slug).exists():
                    raise
            else:
                return
        if attempts:
            self.slug = f"organization-{self.uid.hex}"
        super().save(*args, **kwargs)

    @property
    def key_scope(self) -> str:
        """The scope of this organization's keys."""
        return str(self.uid)

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.ORGANIZATION, str(self.uid), self.name)


class Membership(SealedModel):
    """A person's place in an organization. A removed one stays as a row, so that the log's subject has a name."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        REMOVED = "removed", "Removed"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    SEALED = ("organization_id", "user_id", "role", "status", "joined_at")
    SEAL_EXEMPT: ClassVar = {"changed_at": "tells people"}
    SEAL_RESOURCE = ResourceKind.MEMBERSHIP

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="one_membership_per_person"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(condition=Q(status__in=["active", "removed"]), name="membership_status_known"),
        ]
        indexes = [models.Index(fields=["user", "status"], name="membership_by_person")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.uid}"

    @property
    def audit_resource(self) -> Resource:
        """Needs the person: selectors that hand out memberships load it."""
        return Resource(ResourceKind.MEMBERSHIP, str(self.uid), self.user.email)


class Invitation(SealedModel):
    """An offer of membership to one address, taken up once with a token of which only a keyed hash is stored."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    email_key = models.CharField(max_length=254, help_text="The normalized address, by which people are compared.")
    role = models.CharField(max_length=16, choices=Role.choices)
    token_mac = KeyedHashField(purpose=Purpose.TOKEN, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    SEALED = (
        "organization_id",
        "email",
        "email_key",
        "role",
        "token_mac",
        "invited_by_id",
        "created_at",
        "expires_at",
        "accepted_at",
        "accepted_by_id",
        "revoked_at",
    )
    SEAL_RESOURCE = ResourceKind.INVITATION

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email_key"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"Invitation {self.uid}"

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.INVITATION, str(self.uid), self.email)
