"""What pages list: organizations, projects, environments, members; each no further than the actor reaches.

A row that grants authority and is not genuine gives nothing, and is in no list: what cannot be told from what counts
would be taken for it. The log has an alert about it, and `manage.py access verify` lists it.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import TOTPDevice, User
from orgs.models import Environment, Membership, Organization, Project
from orgs.permissions import Actor, Permission
from orgs.permissions.querysets import places_touched, secrets_reached
from orgs.selectors.fetching import reached_by
from vault.seals import genuine, with_seal


def organizations_where(actor: Actor, permission: Permission) -> QuerySet[Organization]:
    """The organizations in which `actor` may do `permission`, to a part of them at least if it is about secrets."""
    found = reached_by(actor, permission)
    if not permission.startswith("secret:"):
        found = [reach for reach in found if reach.scope.project is None]
    return Organization.objects.filter(pk__in={reach.scope.organization for reach in found})


def projects_where(
    actor: Actor, permission: Permission, organization_ids: Iterable[UUID] | None = None
) -> QuerySet[Project]:
    """The projects of which `actor` may do `permission` to a part at least."""
    return Project.objects.filter(places_touched(reached_by(actor, permission, organization_ids), project="uid"))


def environments_where(actor: Actor, permission: Permission, project: Project) -> QuerySet[Environment]:
    """The environments of `project` of which `actor` may do `permission` to a part at least, in their order."""
    reached = reached_by(actor, permission, [project.organization_id])
    touched = places_touched(reached, project="project_id", environment="uid")
    return Environment.objects.filter(touched, project=project)


def members_of(organization: Organization) -> list[Membership]:
    """The active members with their persons, in the order of their names, each with `has_second_factor`."""
    members = Membership.objects.filter(organization=organization, status=Membership.Status.ACTIVE)
    factors = TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)
    members = members.select_related("user").annotate(has_second_factor=Exists(factors))
    return genuine(with_seal(members.order_by("user__name", "user__email_key")))


def former_members(organization: Organization, number: int) -> list[Membership]:
    """Those who left last, the latest first, each with the person."""
    gone = Membership.objects.filter(organization=organization, status=Membership.Status.REMOVED)
    return genuine(with_seal(gone.select_related("user").order_by("-changed_at", "uid")[:number]))


def memberships_of(person: User) -> QuerySet[Membership]:
    """The person's active memberships with their organizations, each with `member_count`; without those that may not
    be used from where this request comes."""
    return (
        Membership.objects.filter(user=person, organization__in=organizations_where(person, Permission.ORG_VIEW))
        .select_related("organization")
        .annotate(
            member_count=Count(
                "organization__memberships",
                filter=Q(organization__memberships__status=Membership.Status.ACTIVE),
            )
        )
        .order_by("organization__name", "organization_id")
    )


def projects_of(actor: Actor, organization: Organization) -> QuerySet[Project]:
    """The projects of which `actor` may see a part, in the order of their names, each with its environments and with
    `secret_count`: of those that `actor` may see, and that are not in the trash."""
    reached = reached_by(actor, Permission.SECRET_LIST, [organization.uid])
    seen = Q(secrets__trashed_at__isnull=True) & secrets_reached(reached, prefix="secrets__")
    touched = places_touched(reached, project="project_id", environment="uid")
    return (
        Project.objects.filter(places_touched(reached, project="uid"))
        .annotate(secret_count=Count("secrets", filter=seen))
        .prefetch_related(Prefetch("environments", Environment.objects.filter(touched)))
        .order_by("name_key")
    )


def environments_of(project: Project) -> QuerySet[Environment]:
    """The environments in their order, each with `secret_count`, which includes the trash: what a deletion meets."""
    return (
        Environment.objects.filter(project=project)
        .annotate(secret_count=Count("secrets"))
        .order_by("position", "name_key")  # an aggregate drops the order of the model
    )
