"""Break-glass: naming who may, and taking access at once.

What it gives is reading alone, for an hour, of every class, as if it had been approved. It is loud: an event of the
highest risk, mails, a banner for the owners, until somebody else has reviewed it (`reviewing`).

It cannot be chained. One review may be owed and the glass broken once more, because an emergency can outlast an hour
in which nobody else was to be found: that asks again, and is marked. With two reviews owed it is over. Whoever needs
longer asks for access, which somebody has to approve; that such a somebody can be found is what the hours were for.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from audit.services import append
from orgs.classification import Classification
from orgs.models import ClassPolicy, Grant, Membership, Organization, Project
from orgs.permissions import AccessDenied, Decision, Permission
from orgs.selectors import membership_of, object_for, organization_for, require
from orgs.services.authority import lock_organization
from vault.access.errors import GlassHeld, InvalidNaming
from vault.access.models import BreakGlassPerson, BreakGlassUse
from vault.access.models.requests import LABEL_LENGTH
from vault.access.places import words_of_scope
from vault.access.selectors.break_glass import own_namings, people_in, refused_review, uses_in
from vault.access.services.asking import cleaned_reason
from vault.access.services.granting import give, reader_role, revoke
from vault.seals import genuine, is_genuine, with_seal
from vault.seals.whole import require_whole

MINUTES = 60
"""How long the access holds: enough to end an emergency or to find somebody who approves a request."""
MOST_OWED = 2
"""With so many reviews owed to them nobody breaks the glass again."""


@transaction.atomic
def name_for_break_glass(
    *, actor: User, organization: Organization, membership: UUID, project: UUID | None = None
) -> BreakGlassPerson:
    """An owner names a member, for the organization or for one of its projects.

    Raises `AccessDenied` for anybody but an owner (`org:delete`), and for a member or project that is not there;
    `InvalidNaming` for somebody who is named there already.
    """
    locked = _lock(actor, organization)
    members = Membership.objects.filter(organization=locked, status=Membership.Status.ACTIVE).select_related("user")
    member = object_for(actor, Permission.ORG_DELETE, members, membership, kind=ResourceKind.MEMBERSHIP)
    if not is_genuine(member) or not member.user.is_active:
        raise InvalidNaming("The account of this person is deactivated. Choose somebody else.", field="membership")
    where = None
    if project is not None:
        projects = Project.objects.filter(organization=locked)
        where = object_for(actor, Permission.SECRET_LIST, projects, project, kind=ResourceKind.PROJECT, partly=True)
    for before in people_in(locked.uid).filter(membership=member, project=where, ended_at__isnull=True):
        if is_genuine(before) and before.holds_for(member):
            raise InvalidNaming(f"{member.user.name} is named there already.", field="membership")
        _end(before, actor.audit_actor, by=actor)  # from before they left and came back
    person = BreakGlassPerson(organization=locked, membership=member, project=where, named_by=actor)
    person.save()
    append(
        actor=actor.audit_actor,
        action=Action.BREAK_GLASS_NAMED,
        organization_id=locked.uid,
        resource=member.audit_resource,
        details=_where(where),
    )
    return person


@transaction.atomic
def unname_for_break_glass(*, actor: User, person: BreakGlassPerson) -> BreakGlassPerson:
    """An owner takes a member off the list; nothing happens to one who is not on it. Access that runs is not ended.

    Raises `AccessDenied` for anybody but an owner.
    """
    locked = _lock(actor, person.organization)
    now = people_in(locked.uid).filter(pk=person.pk, ended_at__isnull=True).first()
    if now is None:
        return person
    _end(now, actor.audit_actor, by=actor)
    return now


@transaction.atomic
def break_glass(*, actor: User, person: BreakGlassPerson, reason: str, again: bool = False) -> BreakGlassUse:
    """Access at once, for `MINUTES`. The caller has had the actor prove that it is himself (`accounts.services`).

    `again`: said once more, because a review of an earlier use is owed. Raises `AccessDenied` for somebody who is not
    named there; `GlassHeld` while they hold such access there, without `again` where it takes that, and with
    `MOST_OWED` reviews owed; `InvalidRequest` without a reason; `SealBroken` if a use of the organization is not there
    any more, or not genuine.
    """
    organization = lock_organization(person.organization_id)
    found = organization_for(actor, organization.uid, Permission.ORG_VIEW)
    named = next((each for each in own_namings(actor, found) if each.pk == person.pk), None)
    membership = membership_of(actor, found)
    if named is None or membership is None:
        raise _not_named(person)
    words = cleaned_reason(reason)
    now = timezone.now()
    require_whole(found.uid, BreakGlassUse)  # one that is gone, or not genuine, would be owed no more
    own = genuine(uses_in(found.uid).filter(membership=membership))
    if any(each.is_running(now) and each.project_id == named.project_id for each in own):
        raise GlassHeld("You hold this access already. It is on the page, with the time at which it ends.")
    owed = [each for each in own if each.is_owed]
    if len(owed) >= MOST_OWED:
        raise GlassHeld(
            f"{len(owed)} times that you broke the glass wait for a review. Have somebody review one, or ask for "
            "access instead."
        )
    if owed and not again:
        raise GlassHeld(
            "The last time that you broke the glass waits for its review. Say that you need it once more all the same; "
            "the owners are told that it is the second time.",
            field="again",
        )
    use = BreakGlassUse(
        organization=found,
        membership=membership,
        project=named.project,
        scope_label=words_of_scope(named.project)[:LABEL_LENGTH],
        reason=words,
        unreviewed_before=bool(owed),
        used_at=now,
        ends_at=now + timedelta(minutes=MINUTES),
    )
    use.grant = _granted(use, membership, by=actor)
    use.save()
    append(
        actor=actor.audit_actor,
        action=Action.BREAK_GLASS_USED,
        organization_id=found.uid,
        resource=use.audit_resource,
        details={
            **_where(named.project),
            "grant": str(use.grant.pk),
            "justification": words,
            "minutes": MINUTES,
            "expires_at": use.ends_at.isoformat(),
            "again": use.unreviewed_before,
        },
    )
    return use


@transaction.atomic
def end_break_glass(*, actor: User, use: BreakGlassUse) -> BreakGlassUse:
    """Whoever broke the glass gives the access back before its time; the review is owed all the same.

    Raises `AccessDenied` for anybody else. Nothing happens to access that has ended.
    """
    lock_organization(use.organization_id)
    membership = membership_of(actor, use.organization) if actor.is_active else None
    now = uses_in(use.organization_id).filter(pk=use.pk).first()
    if now is None or not is_genuine(now) or membership is None or membership.pk != now.membership_id:
        raise refused_review(actor, use, "only whoever broke the glass gives the access back")
    at = timezone.now()
    if not now.is_running(at):
        return now
    stop(now, by=actor)
    append(
        actor=actor.audit_actor,
        action=Action.BREAK_GLASS_ENDED,
        organization_id=now.organization_id,
        resource=now.audit_resource,
        details={"grant": str(now.grant_id)},
    )
    return now


def stop(use: BreakGlassUse, *, by: User) -> None:
    """Ends access that runs: its grant, and its time. The caller saves nothing and writes the event."""
    at = timezone.now()
    if use.grant is not None and is_genuine(use.grant):
        revoke(use.grant, by=by, at=at)
    if use.is_running(at):
        use.ends_at = at
        use.save(update_fields=["ends_at"])


def end_namings(membership_id: UUID, organization_id: UUID, actor: Actor, *, by: User | None) -> int:
    """Takes a member off every list of the organization; how many."""
    named = list(people_in(organization_id).filter(membership_id=membership_id, ended_at__isnull=True))
    for person in named:
        _end(person, actor, by=by)
    return len(named)


def _end(person: BreakGlassPerson, actor: Actor, *, by: User | None) -> None:
    person.ended_at, person.ended_by = timezone.now(), by
    person.save(update_fields=["ended_at", "ended_by"])
    append(
        actor=actor,
        action=Action.BREAK_GLASS_UNNAMED,
        organization_id=person.organization_id,
        resource=person.membership.audit_resource,
        details=_where(person.project),
    )


def _granted(use: BreakGlassUse, membership: Membership, *, by: User) -> Grant:
    policies = genuine(with_seal(ClassPolicy.objects.filter(organization_id=use.organization_id)))
    grant = Grant(
        organization_id=use.organization_id,
        subject_kind=Grant.SubjectKind.MEMBER,
        membership=membership,
        custom_role=reader_role(use.organization_id, by=by),
        project=use.project,
        highest=Classification.CRITICAL,
        starts_at=use.used_at,
        ends_at=use.ends_at,
        approvals=max((policy.approvals for policy in policies), default=0),
        origin=Grant.Origin.BREAK_GLASS,
        reason=use.reason,
    )
    return give(grant, by=by)


def _lock(actor: User, organization: Organization) -> Organization:
    """The organization under lock, for an owner. Raises `AccessDenied`."""
    locked = lock_organization(organization.pk)
    require(actor, Permission.ORG_DELETE, locked, kind=ResourceKind.ORGANIZATION)
    return locked


def _not_named(person: BreakGlassPerson) -> AccessDenied:
    because = "an owner has to name you for break-glass there"
    return AccessDenied(
        Decision(allowed=False, because=because, visible=True),
        Permission.SECRET_REVEAL,
        Resource(ResourceKind.MEMBERSHIP, str(person.membership_id)),
        organization_id=person.organization_id,
    )


def _where(project: Project | None) -> dict[str, object]:
    return {"scope": words_of_scope(project), "project_id": str(project.pk) if project is not None else None}
