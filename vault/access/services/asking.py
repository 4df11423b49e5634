"""Asking for access, and taking it back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.actor import Actor
from audit.services import append
from orgs.classification import Classification
from orgs.models import CustomRole, Environment, Membership, Organization, Project, Team
from orgs.permissions import ROLE_PERMISSIONS, Permission, standing_of
from orgs.permissions.authority import permissions_named
from orgs.permissions.giving import Portion, shortfall
from orgs.places import clean_path
from orgs.roles import Role
from orgs.selectors import membership_of, object_for, organization_for
from orgs.services.authority import lock_organization
from vault.access.errors import InvalidRequest, RequestClosed
from vault.access.models import AccessRequest, RequestedRole
from vault.access.models.requests import LABEL_LENGTH, REASON_LENGTH
from vault.access.places import words_of_scope
from vault.access.selectors.requests import (
    demands_up_to,
    is_asker,
    longest_minutes,
    refused,
    requests_in,
    roles_of,
    teams_of,
)
from vault.access.services.granting import READING
from vault.names import clean_text
from vault.seals import is_genuine
from vault.secrets.selectors import Filters, listable_secrets

HOUSEKEEPER = Actor.system("Housekeeping")
OPEN_DAYS = 7
"""How long a request waits for an answer."""
MOST_A_DAY = 20
"""How many requests one member can make in a day: each one sends mail to all who may approve it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. Ids are taken as they were sent: what the asker may not know of is missing.

    `role`: one of those that all organizations have, or CUSTOM and the `custom_role`. The narrowest of `project`,
    `environment` and `path` is the scope. `team`: one of the asker's own, None for the asker alone.
    """

    role: RequestedRole
    minutes: int
    reason: str = field(repr=False)
    project: UUID | None = None
    environment: UUID | None = None
    path: str = ""
    custom_role: UUID | None = None
    team: UUID | None = None
    highest: Classification = Classification.CRITICAL


@transaction.atomic
def ask_for_access(*, actor: User, organization: Organization, wish: Wish) -> AccessRequest:
    """An open request. Any member may ask, for places whose names they may see.

    Raises `AccessDenied` for somebody who is no member, and for a place that they may not know of, as for a missing
    one; `InvalidRequest` for what cannot be given, was asked for already, or is held already.
    """
    found = organization_for(actor, organization.pk, Permission.ORG_VIEW)
    organization = lock_organization(found.pk)
    membership = membership_of(actor, organization)
    if membership is None:  # removed while we waited
        raise RequestClosed("You are not a member of the organization any more.")
    now = timezone.now()
    request = _described(actor, membership, wish, now)
    _bounded(request)
    _not_asked_before(request, now)
    if request.team_id is None:
        _not_held(actor, request, now)
    request.save()
    append(
        actor=actor.audit_actor,
        action=Action.REQUEST_ASKED,
        organization_id=organization.uid,
        resource=request.audit_resource,
        details=details_of(request),
    )
    return request


@transaction.atomic
def withdraw_request(*, actor: User, request: AccessRequest) -> AccessRequest:
    """Whoever asked takes it back. Raises `AccessDenied` for anybody else, `RequestClosed` if it was answered."""
    lock_organization(request.organization_id)
    if not is_asker(actor, request):
        raise refused(actor, request, "only whoever asked can withdraw a request")
    locked = open_request(request, timezone.now())
    close(locked, AccessRequest.Status.WITHDRAWN, by=actor, action=Action.REQUEST_WITHDRAWN)
    return locked


def open_request(request: AccessRequest, at: datetime) -> AccessRequest:
    """The request as it is now, for somebody who has queued at the organization.

    Raises `RequestClosed` unless it is genuine and can still be answered.
    """
    now = requests_in(request.organization_id).filter(pk=request.pk).first()
    if now is None or not is_genuine(now):
        raise RequestClosed("This request is gone. Ask anew if the access is still needed.")
    state = now.state_at(at)
    if state is not AccessRequest.Status.OPEN:
        raise RequestClosed(f"This request is no longer open: {state.label.lower()}. Reload the page.")
    return now


def close(
    request: AccessRequest, status: AccessRequest.Status, *, by: User | None, action: Action, answer: str = ""
) -> None:
    """Ends an open request without a grant, with its event. `by`: None for housekeeping."""
    request.status, request.closed_at, request.closed_by = status, timezone.now(), by
    request.answer = answer
    request.save(update_fields=["status", "closed_at", "closed_by", "answer"])
    append(
        actor=HOUSEKEEPER if by is None else by.audit_actor,
        action=action,
        organization_id=request.organization_id,
        resource=request.audit_resource,
        details=details_of(request) | ({"justification": answer} if answer else {}),
    )


def details_of(request: AccessRequest) -> dict[str, object]:
    """What the events of a request say of it."""
    return {
        "request": str(request.pk),
        "role": request.role_label,
        "scope": request.scope_label,
        "project_id": str(request.project_id) if request.project_id else None,
        "environment_id": str(request.environment_id) if request.environment_id else None,
        "path": request.path,
        "classification": request.highest_class.word,
        "minutes": request.minutes,
        "subject": request.membership.user.email,
        "subject_id": str(request.team_id or request.membership_id),
        "subject_kind": "team" if request.team_id else "member",
    }


def cleaned_reason(text: str, *, field: str = "reason", label: str = "Reason") -> str:
    """The reason as it is kept: one line. Raises `InvalidRequest` for an empty one, or one that cannot be kept."""
    try:
        reason = clean_text(text, field=label, max_length=REASON_LENGTH)
    except ValidationError as error:
        raise InvalidRequest(error.messages[0], field=field) from None
    if not reason:
        raise InvalidRequest(f"{label}: write a sentence, so that others can judge it.", field=field)
    return reason


def _described(actor: User, membership: Membership, wish: Wish, now: datetime) -> AccessRequest:
    """The request as a row that is not saved yet."""
    organization = membership.organization_id
    project, environment, path = _place(actor, organization, wish)
    role, label, permissions = _role(organization, wish)
    return AccessRequest(
        organization_id=organization,
        membership=membership,
        team=_team(membership, wish),
        requested=RequestedRole(wish.role),
        custom_role=role,
        role_label=label,
        permissions=sorted(permissions),
        project=project,
        environment=environment,
        path=path,
        scope_label=words_of_scope(project, environment, path)[:LABEL_LENGTH],
        highest=Classification(wish.highest),
        minutes=wish.minutes,
        reason=cleaned_reason(wish.reason),
        asked_at=now,
        expires_at=now + timedelta(days=OPEN_DAYS),
    )


def _place(actor: User, organization: UUID, wish: Wish) -> tuple[Project | None, Environment | None, str]:
    """What the asker may know of. Raises `AccessDenied` for anything else, as for what is missing."""
    project = environment = None
    if wish.project is not None:
        projects = Project.objects.filter(organization_id=organization)
        project = object_for(
            actor, Permission.SECRET_LIST, projects, wish.project, kind=ResourceKind.PROJECT, partly=True
        )
    if wish.environment is not None:
        environments = Environment.objects.filter(organization_id=organization).select_related("project")
        if project is not None:
            environments = environments.filter(project=project)
        environment = object_for(
            actor, Permission.SECRET_LIST, environments, wish.environment, kind=ResourceKind.ENVIRONMENT, partly=True
        )
        project = environment.project
    try:
        path = clean_path(wish.path)
    except ValidationError as error:
        raise InvalidRequest(error.messages[0], field="path") from None
    if path and environment is None:
        raise InvalidRequest("A path is within an environment. Choose one first.", field="path")
    if path and environment is not None and not _sees_below(actor, environment, path):
        raise InvalidRequest(
            f"You see no secret “{path}” in {environment.name}, nor any below it. Leave the path empty to ask for all "
            "of the environment.",
            field="path",
        )
    return project, environment, path


def _sees_below(actor: User, environment: Environment, path: str) -> bool:
    filters = Filters(organization=environment.organization_id, environment=environment.uid)
    return listable_secrets(actor, filters).filter(Q(name=path) | Q(name__startswith=f"{path}/")).exists()


def _role(organization: UUID, wish: Wish) -> tuple[CustomRole | None, str, frozenset[Permission]]:
    match RequestedRole(wish.role):
        case RequestedRole.REVEAL:
            return None, RequestedRole.REVEAL.label, READING
        case RequestedRole.VIEWER:
            return None, Role.VIEWER.label, ROLE_PERMISSIONS[Role.VIEWER]
        case RequestedRole.MEMBER:
            return None, Role.MEMBER.label, ROLE_PERMISSIONS[Role.MEMBER]
    role = next((each for each in roles_of(organization) if each.uid == wish.custom_role), None)
    if role is None:
        raise InvalidRequest("There is no such role. Choose one of those listed.", field="role")
    return role, role.name, permissions_named(role.permissions)


def _team(membership: Membership, wish: Wish) -> Team | None:
    if wish.team is None:
        return None
    team = next((each for each in teams_of(membership) if each.uid == wish.team), None)
    if team is None:
        raise InvalidRequest("You can ask for yourself, or for a team that you are in.", field="team")
    return team


def _bounded(request: AccessRequest) -> None:
    """Raises `InvalidRequest` for a time that the policies do not allow."""
    if request.minutes < 1:
        raise InvalidRequest("The access has to last a minute at least.", field="minutes")
    longest = longest_minutes(demands_up_to(request.organization_id, request.highest_class))
    if request.minutes > longest:
        days = longest // (24 * 60)
        raise InvalidRequest(
            f"Access to what is {request.highest_class.label.lower()} may last {days} day{'' if days == 1 else 's'} "
            "at the most. Ask for less time, or for a lower class.",
            field="minutes",
        )


def _not_asked_before(request: AccessRequest, now: datetime) -> None:
    own = AccessRequest.objects.filter(organization_id=request.organization_id, membership=request.membership)
    if own.filter(asked_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise InvalidRequest(f"You have asked {MOST_A_DAY} times within a day. Ask an approver directly.")
    same = own.filter(
        status=AccessRequest.Status.OPEN,
        expires_at__gt=now,
        team=request.team,
        requested=request.requested,
        custom_role=request.custom_role,
        project=request.project,
        environment=request.environment,
        path=request.path,
        highest=request.highest,
    )
    if same.exists():
        raise InvalidRequest("You have asked for exactly this already. Wait for the answer, or withdraw that request.")


def _not_held(actor: User, request: AccessRequest, now: datetime) -> None:
    """Raises `InvalidRequest` if the asker holds all of it, for that long, with as many approvals as it takes."""
    demands = demands_up_to(request.organization_id, request.highest_class)
    portion = Portion(
        request.wanted,
        request.scope,
        request.highest_class,
        now + timedelta(minutes=request.minutes),
        approvals=demands.approvals,
    )
    standing = standing_of(actor, request.organization_id, permissions=request.wanted, place=request.place)
    if shortfall(standing, portion, now) is None:
        raise InvalidRequest(
            "You have this access already, for that long. Nothing needs to be asked for.", field="role"
        )
