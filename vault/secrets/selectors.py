"""Finding secrets. Every list, search, count and matrix starts from `listable_secrets`, so that they cannot disagree.

Nothing here decrypts anything.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from accounts.models import User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Membership, Organization, Project
from orgs.permissions import AccessDenied, Decision, Permission, judge
from orgs.selectors import organizations_where
from vault.names import fold_name
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion, Tag
from vault.secrets.paging import PAGE_SIZE, Order, Page, page_of

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
    tag: str = ""
    trashed: bool = False

    @property
    def narrow(self) -> bool:
        """Whether anything but the organization and the trash narrows the list."""
        return bool(self.q or self.project or self.environment or self.kind or self.tag)


def secret_for(actor: User | AnonymousUser, uid: UUID, permission: Permission, *, with_place: bool = True) -> Secret:
    """The secret, for somebody who may do `permission` to it; with its organization, project and environment, unless
    the caller is in a hurry and shows no page.

    One query. Raises `AccessDenied`, which for a foreign secret is the same as for one that does not exist.
    """
    mine = Membership.objects.none()
    if isinstance(actor, User) and actor.is_active:
        mine = Membership.objects.filter(
            organization_id=OuterRef("organization_id"), user_id=actor.pk, status=Membership.Status.ACTIVE
        )
    secrets = Secret.objects.annotate(actor_role=Subquery(mine.values("role")[:1])).filter(pk=uid)
    if with_place:
        secrets = secrets.select_related("organization", "project", "environment", "updated_by")
    secret = next(iter(secrets), None)
    if secret is None:
        missing = Decision(allowed=False, because="there is no such object", visible=False)
        raise AccessDenied(missing, permission, Resource(ResourceKind.SECRET, str(uid)))
    decision = judge(_membership(secret), permission)
    if not decision.allowed:
        raise AccessDenied(decision, permission, secret.audit_resource, organization_id=secret.organization_id)
    return secret


def permitted_on(secret: Secret) -> frozenset[Permission]:
    """Everything that the actor of `secret_for` may do to what it gave, without another query: for pages."""
    membership = _membership(secret)
    return frozenset(permission for permission in Permission if judge(membership, permission).allowed)


def _membership(secret: Secret) -> Membership | None:
    """The membership that `secret_for` looked up along with the secret, as far as `judge` needs it."""
    role: str | None = getattr(secret, "actor_role", None)
    return None if role is None else Membership(role=role, status=Membership.Status.ACTIVE)


def listable_secrets(actor: User | AnonymousUser, filters: Filters) -> QuerySet[Secret]:
    """The secrets whose names `actor` may see, in all organizations, narrowed by `filters`; not ordered."""
    secrets = Secret.objects.filter(
        organization__in=organizations_where(actor, Permission.SECRET_LIST),
        trashed_at__isnull=not filters.trashed,
    )
    for column, value in (
        ("organization_id", filters.organization),
        ("project_id", filters.project),
        ("environment_id", filters.environment),
        ("kind", filters.kind),
    ):
        if value:
            secrets = secrets.filter(**{column: value})
    if filters.tag:
        tagged = Secret.tags.through._default_manager.filter(secret_id=OuterRef("pk"), tag__name=fold_name(filters.tag))
        secrets = secrets.filter(Exists(tagged))
    for word in fold_name(filters.q).split()[:WORDS_SEARCHED]:
        secrets = secrets.filter(search_text__contains=word)
    return secrets


def page_of_secrets(
    actor: User | AnonymousUser, filters: Filters, cursor: str, *, order: Order = BY_NAME, size: int = PAGE_SIZE
) -> Page[Secret]:
    """One page of the list, each secret with its place and tags. As many queries for many secrets as for few."""
    tags = Prefetch("tags", Tag.objects.order_by("name"), "listed_tags")
    secrets = listable_secrets(actor, filters).prefetch_related(*_PLACE, tags)
    if filters.trashed:
        secrets = secrets.prefetch_related("trashed_by")
    return page_of(secrets.defer("search_text"), order, cursor, size=size)


def count_of_secrets(actor: User | AnonymousUser, filters: Filters) -> int:
    """How many the list has, at most COUNT_LIMIT + 1, which means "more than COUNT_LIMIT"."""
    return listable_secrets(actor, filters)[: COUNT_LIMIT + 1].count()


def first_found(actor: User | AnonymousUser, q: str, limit: int) -> list[Secret]:
    """The first secrets that a search finds, with their places."""
    found = listable_secrets(actor, Filters(q=q)).prefetch_related(*_PLACE)
    return list(found.defer("search_text").order_by(*BY_NAME.by())[:limit])


def first_projects(actor: User | AnonymousUser, q: str, limit: int) -> list[Project]:
    """The first projects whose names have every word, in all organizations where `actor` may list secrets."""
    projects = Project.objects.filter(organization__in=organizations_where(actor, Permission.SECRET_LIST))
    for word in fold_name(q).split()[:WORDS_SEARCHED]:
        projects = projects.filter(name_key__contains=word)
    return list(projects.select_related("organization").order_by("name_key", "uid")[:limit])


def names_of_projects(organization: Organization) -> QuerySet[Project, tuple[UUID, str]]:
    """The uid and name of each project, by name."""
    return Project.objects.filter(organization=organization).order_by("name_key").values_list("uid", "name")


def projects_to_choose_from(organization: Organization) -> QuerySet[Project]:
    """The projects by name with their environments; what they hold is not counted."""
    return Project.objects.filter(organization=organization).prefetch_related("environments").order_by("name_key")


def tags_in_use(organization: Organization) -> list[str]:
    """The first TAGS_OFFERED names of tags that a live secret has."""
    used = Secret.tags.through._default_manager.filter(tag_id=OuterRef("pk"), secret__trashed_at__isnull=True)
    tags = Tag.objects.filter(Exists(used), organization=organization).order_by("name")
    return list(tags.values_list("name", flat=True)[:TAGS_OFFERED])


def versions_of(secret: Secret) -> QuerySet[SecretVersion]:
    """All versions, the newest first, without what they hold."""
    return SecretVersion.objects.filter(secret=secret).select_related("created_by").defer("payload").order_by("-number")


def version_for_display(secret: Secret, number: int) -> SecretVersion | None:
    """What is known about a version without opening it; None if there is none of this number."""
    return versions_of(secret).filter(number=number).first()
