"""Whether a project is open to every member, and as what; or restricted to those whom a grant reaches.

What opens it is a grant to everyone. Without that row a project is restricted, so that losing it opens nothing.
"""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.classification import Classification
from orgs.errors import RoleOutOfReach
from orgs.models import Grant, Membership, Project
from orgs.permissions import Permission, decide
from orgs.places import Scope
from orgs.roles import OPEN_ROLES, Role
from orgs.selectors import object_for, opening_of
from orgs.services.authority import lock_organization, permissions_in, within_reach
from orgs.services.grants import end_grant
from vault.seals import genuine, with_seal

RESTRICTED = "restricted"


@transaction.atomic
def change_open_role(*, actor: User, project: Project, role: Role) -> Grant:
    """Opens a project to every member as `role`, whatever it was before; nothing happens when it is open as that.

    Raises `AccessDenied` without `grant:manage` in the project, `RoleOutOfReach` for a role that it cannot be open as,
    `BeyondReach` for more than the actor has in it.
    """
    role = Role(role)
    if role not in OPEN_ROLES:
        raise RoleOutOfReach("A project is open as Member or as Viewer. Give more to those who need it, by a grant.")
    locked = _lock(actor, project)
    before = opening_of(locked)
    if before is not None and before.role == role:
        return before
    _within_reach(actor, locked, role)
    _close(locked, before, actor)
    grant = open_project(locked, role, by=actor)
    details: dict[str, object] = {"role": role, "from": before.role if before else RESTRICTED, "grant": str(grant.pk)}
    _append(actor, Action.PROJECT_OPENED, locked, details)
    return grant


@transaction.atomic
def restrict_project(*, actor: User, project: Project) -> None:
    """Leaves a project to those whom a grant of their own or of a team of theirs reaches, to owners and to admins;
    nothing happens when it is restricted.

    Raises `AccessDenied` without `grant:manage` in the project, `BeyondReach` for more than the actor has in it.
    """
    locked = _lock(actor, project)
    before = opening_of(locked)
    if before is None:
        return
    _within_reach(actor, locked, Role(before.role))
    _close(locked, before, actor)
    _append(actor, Action.PROJECT_RESTRICTED, locked, {"role": before.role, "grant": str(before.pk)})


def open_project(project: Project, role: Role, *, by: User) -> Grant:
    """The grant that opens a project to every member. The caller has authorized it and writes the event.

    Raises `ValueError` for a role that no project can be open as.
    """
    role = Role(role)
    if role not in OPEN_ROLES:
        raise ValueError(f"no project is open as {role}")
    grant = Grant(
        organization_id=project.organization_id,
        subject_kind=Grant.SubjectKind.EVERYONE,
        role=role,
        project=project,
        origin=Grant.Origin.OPENED,
        granted_by=by,
    )
    grant.save()
    return grant


def keep_for_its_maker(project: Project, maker: User) -> None:
    """A grant for somebody whom nothing else would let into their own project again. The caller has locked the
    organization and writes the event."""
    if decide(maker, Permission.PROJECT_CONFIGURE, project).allowed:
        return
    memberships = Membership.objects.filter(organization_id=project.organization_id, user_id=maker.pk)
    Grant(
        organization_id=project.organization_id,
        subject_kind=Grant.SubjectKind.MEMBER,
        membership=genuine(with_seal(memberships))[0],
        role=Role.ADMIN,
        project=project,
        granted_by=maker,
    ).save()


def _lock(actor: User, project: Project) -> Project:
    """The project as it is now, under the organization's lock."""
    lock_organization(project.organization_id)
    projects = Project.objects.all()
    return object_for(actor, Permission.GRANT_MANAGE, projects, project.pk, kind=ResourceKind.PROJECT)


def _within_reach(actor: User, project: Project, role: Role) -> None:
    scope = Scope(project.organization_id, project.pk)
    within_reach(actor, project.organization_id, permissions_in(role), scope, Classification.CRITICAL, None)


def _close(project: Project, opening: Grant | None, actor: User) -> None:
    """Ends what opens the project. A row that says so and is not genuine opens nothing, and would be in the way."""
    if opening is not None:
        end_grant(opening, by=actor, at=timezone.now())
    left = Grant.objects.filter(project=project, subject_kind=Grant.SubjectKind.EVERYONE, revoked_at__isnull=True)
    for row in left:
        row.delete()


def _append(actor: User, action: Action, project: Project, details: dict[str, object]) -> None:
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=project.organization_id,
        resource=project.audit_resource,
        details=details,
    )
