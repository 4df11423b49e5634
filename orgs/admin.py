"""What the support desk sees of organizations: who belongs where, and which invitation is stuck. Never a token."""

from uuid import UUID

from django.contrib import admin

from accounts.support import MetadataAdmin, support_site
from audit.actions import ResourceKind
from orgs.models import Invitation, Membership, Organization, Project
from orgs.selectors import InvitationState, invitation_state, inviter_of


@support_site.register_metadata(Organization)
class OrganizationAdmin(MetadataAdmin):
    """Organizations by name."""

    resource_kind = ResourceKind.ORGANIZATION
    description = "The tenants and since when they exist."
    icon = "building-2"
    list_display = ("name", "created_at")
    fields = ("name", "uid", "created_at")
    search_fields = ("name", "uid")
    ordering = ("name",)

    def organization_of(self, row: Organization) -> UUID | None:
        return row.uid


@support_site.register_metadata(Membership)
class MembershipAdmin(MetadataAdmin):
    """Who belongs to which organization, and who did."""

    resource_kind = ResourceKind.MEMBERSHIP
    description = "Who belongs to which organization as what, and who did."
    icon = "users"
    list_display = ("user", "organization", "role", "status", "joined_at")
    fields = ("user", "organization", "role", "status", "joined_at", "changed_at", "uid")
    search_fields = ("user__email_key", "user__name", "organization__name")
    list_filter = ("role", "status")
    list_select_related = True
    ordering = ("-joined_at",)


@support_site.register_metadata(Invitation)
class InvitationAdmin(MetadataAdmin):
    """Invitations and what became of them."""

    resource_kind = ResourceKind.INVITATION
    description = "Who was invited where, and why an invitation does not work."
    icon = "mail"
    list_display = ("email", "organization", "role", "state", "expires_at")
    fields = (
        "email",
        "organization",
        "role",
        "state",
        "invited_by",
        "created_at",
        "expires_at",
        "accepted_at",
        "accepted_by",
        "revoked_at",
        "uid",
    )
    search_fields = ("email_key", "organization__name")
    list_filter = ("role",)
    list_select_related = True
    ordering = ("-created_at",)

    @admin.display(description="State")
    def state(self, row: Invitation) -> str:
        return _STATES[invitation_state(row, inviter_of(row))]


_STATES = {
    InvitationState.USABLE: "Open",
    InvitationState.USED: "Accepted",
    InvitationState.REVOKED: "Revoked or replaced",
    InvitationState.EXPIRED: "Expired",
    InvitationState.POWERLESS: "Its author may no longer invite",
}


@support_site.register_metadata(Project)
class ProjectAdmin(MetadataAdmin):
    """Projects, without what is in them."""

    resource_kind = ResourceKind.PROJECT
    description = "The projects of organizations, without what is in them."
    icon = "folders"
    list_display = ("name", "organization", "kind", "created_at")
    fields = ("name", "description", "organization", "kind", "created_at", "created_by", "uid")
    search_fields = ("name", "organization__name")
    list_filter = ("kind",)
    list_select_related = True
    ordering = ("name",)
