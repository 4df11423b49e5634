"""Finding secrets. Every list, search, count and matrix starts from `listable_secrets`, so that they cannot disagree.

Nothing here decrypts anything.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models import Environment, Organization, Project
from orgs.permissions import AccessDenied, Actor, Permission, denied_as_missing, judge, permitted, standing_of
from orgs.permissions.querysets import places_touched, secrets_reached
from orgs.selectors import projects_where, reached_by, visible
from vault.names import fold_name
from vault.paging import PAGE_SIZE, Order, Page, page_of
from vault.seals import require_genuine, with_seal
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion, Tag

COUNT_LIMIT = 1000
"""Beyond this a list says "more than": counting all would cost more with every secret."""
TAGS_OFFERED = 100
WORDS_SEARCHED = 8


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment has a time zone")
    return moment


# Not joined: with a join, SQLite and PostgreSQL may start from the project, and sort all of its secrets for one page.
_PLACE = ("organization", "project", "environment")

BY_NAME = Order(("name_key", "uid"), (str, UUID))
BY_TRASHING = Order(("trashed_at", "uid"), (_moment, UUID), descending=True)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None and "" narrow nothing. `q` is what somebody typed."""

    q: str = ""
    organization: UUID | None = None
    project: UUID | None = None
    environment: UUID | None = None
    kind: Kind | None = None
    classification: Classification | None = None
    tag: str = ""
    trashed: bool = False

    @property
    def narrow(self) -> bool:
        """Whether anything but the organization and the trash narrows the list."""
        return bool(self.q or self.project or self.environment or self.kind or self.classification or self.tag)


def secret_for(actor: Actor, uid: UUID, permission: Permission) -> Secret:
    """The secret, for somebody who may do `permission` to it; with its organization, project and environment.

    Raises `AccessDenied`, which for a foreign secret is the same as for one that does not exist; `SealBroken` if its
    place or its class is not what this program wrote.
    """
    secrets = Secret.objects.select_related("organization", "project", "environment", "updated_by")
    secret = visible(with_seal(secrets.filter(pk=uid), "environment"))
    if secret is None:
        raise denied_as_missing(actor, permission, Resource(ResourceKind.SECRET, str(uid)))
    place = secret.place
    standing = standing_of(actor, secret.organization_id, permissions=tuple(Permission), place=place)
    decision = judge(standing, permission, place, at=timezone.now())
    if not decision.allowed:
        raise AccessDenied(decision, permission, secret.audit_resource, organization_id=secret.organization_id)
    require_genuine(secret)
    secret.standing = standing
    return secret


def permitted_on(secret: Secret) -> frozenset[Permission]:
    """Everything that the actor of `secret_for` may do to what it gave, without another query: for pages."""
    if secret.standing is None:
        raise ValueError("the secret was not fetched for anybody")
    return permitted(secret.standing, secret.place)


def why_sealed(secret: Secret) -> str:
    """Why the actor of `secret_for` may not reveal what it gave although they may reveal something: its class, or a
    grant that has ended. Empty for whoever has nothing that shows values, and for whoever may. No query."""
    if secret.standing is None:
        raise ValueError("the secret was not fetched for anybody")
    if not any(Permission.SECRET_REVEAL in held.permissions for held in secret.standing.holdings):
        return ""
    decision = judge(secret.standing, Permission.SECRET_REVEAL, secret.place, at=timezone.now())
    return "" if decision.allowed else f"{decision.because[:1].upper()}{decision.because[1:]}."


def listable_secrets(actor: Actor, filters: Filters) -> QuerySet[Secret]:
    """The secrets whose names `actor` may see, in all organizations, narrowed by `filters`; not ordered."""
    reached = reached_by(actor, Permission.SECRET_LIST, [filters.organization] if filters.organization else None)
    secrets = Secret.objects.filter(secrets_reached(reached), trashed_at__isnull=not filters.trashed)
    for column, value in (
        ("organization_id", filters.organization),
        ("project_id", filters.project),
        ("environment_id", filters.environment),
        ("kind", filters.kind),
    ):
        if value:
            secrets = secrets.filter(**{column: value})
    if filters.classification:
        inheriting = Environment.objects.filter(classification=filters.classification)
        if filters.organization:
            inheriting = inheriting.filter(organization_id=filters.organization)
        inherited = Q(classification__isnull=True, environment_id__in=inheriting.values("pk"))
        secrets = secrets.filter(Q(classification=filters.classification) | inherited)
    if filters.tag:
        tagged = Secret.tags.through._default_manager.filter(secret_id=OuterRef("pk"), tag__name=fold_name(filters.tag))
        secrets = secrets.filter(Exists(tagged))
    for word in fold_name(filters.q).split()[:WORDS_SEARCHED]:
        secrets = secrets.filter(search_text__contains=word)
    return secrets


def page_of_secrets(
    actor: Actor, filters: Filters, cursor: str, *, order: Order = BY_NAME, size: int = PAGE_SIZE
) -> Page[Secret]:
    """One page of the list, each secret with its place and tags. As many queries for many secrets as for few."""
    tags = Prefetch("tags", Tag.objects.order_by("name"), "listed_tags")
    secrets = listable_secrets(actor, filters).prefetch_related(*_PLACE, tags)
    if filters.trashed:
        secrets = secrets.prefetch_related("trashed_by")
    return page_of(secrets.defer("search_text"), order, cursor, size=size)


def count_of_secrets(actor: Actor, filters: Filters) -> int:
    """How many the list has, at most COUNT_LIMIT + 1, which means "more than COUNT_LIMIT"."""
    return listable_secrets(actor, filters)[: COUNT_LIMIT + 1].count()


def first_found(actor: Actor, q: str, limit: int) -> list[Secret]:
    """The first secrets that a search finds, with their places."""
    found = listable_secrets(actor, Filters(q=q)).prefetch_related(*_PLACE)
    return list(found.defer("search_text").order_by(*BY_NAME.by())[:limit])


def first_projects(actor: Actor, q: str, limit: int) -> list[Project]:
    """The first projects whose names have every word, in all organizations, of which `actor` may see a part."""
    projects = projects_where(actor, Permission.SECRET_LIST)
    for word in fold_name(q).split()[:WORDS_SEARCHED]:
        projects = projects.filter(name_key__contains=word)
    return list(projects.select_related("organization").order_by("name_key", "uid")[:limit])


def names_of_projects(actor: Actor, organization: Organization) -> QuerySet[Project, tuple[UUID, str]]:
    """The uid and name of each project of which `actor` may see a part, by name."""
    projects = projects_where(actor, Permission.SECRET_LIST, [organization.uid])
    return projects.order_by("name_key").values_list("uid", "name")


def projects_to_choose_from(actor: Actor, organization: Organization) -> QuerySet[Project]:
    """The projects by name with their environments, where `actor` may write; what they hold is not counted."""
    reached = reached_by(actor, Permission.SECRET_WRITE, [organization.uid])
    environments = Environment.objects.filter(places_touched(reached, project="project_id", environment="uid"))
    projects = Project.objects.filter(places_touched(reached, project="uid"))
    return projects.prefetch_related(Prefetch("environments", environments)).order_by("name_key")


def tags_in_use(actor: Actor, organization: Organization) -> list[str]:
    """The first TAGS_OFFERED names of tags that a live secret has which `actor` may see."""
    seen = listable_secrets(actor, Filters(organization=organization.uid)).filter(tags=OuterRef("pk"))
    tags = Tag.objects.filter(Exists(seen), organization=organization).order_by("name")
    return list(tags.values_list("name", flat=True)[:TAGS_OFFERED])


def versions_of(secret: Secret) -> QuerySet[SecretVersion]:
    """All versions, the newest first, without what they hold."""
    return SecretVersion.objects.filter(secret=secret).select_related("created_by").defer("payload").order_by("-number")


def version_for_display(secret: Secret, number: int) -> SecretVersion | None:
    """What is known about a version without opening it; None if there is none of this number."""
    return versions_of(secret).filter(number=number).first()
