"""What "who can read this?" costs: the page about a secret that 5,000 people reach ÷ that about one that 50 reach.

They reach it in every way there is: through teams, nested and not, by grants of their own, by the role of an admin, and
by two of these at once. The whole page is asked for through the whole stack, and the function behind it alone.
"""

import gc
import time
from collections.abc import Callable
from statistics import median

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from orgs.models import Grant, Membership, Team, TeamMembership
from orgs.permissions import Permission
from orgs.roles import Role
from tests.bench.people import browser_of, make_owner, make_place, uncollected_static_files
from tests.bench.result import Result
from tests.bench.tables import analyze
from vault.access.reading import Readers, asked
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret

FEW, MANY = 50, 5_000
ROUNDS = 25
BATCH = 500
BOUND = 5.0


def run() -> list[Result]:
    """The ratios of the numbers of queries and of the median times, on the configured database."""
    with uncollected_static_files():
        return _measure()


def _measure() -> list[Result]:
    owner = make_owner()
    client = browser_of(owner)
    few, many = (_secret_of(owner, number) for number in (FEW, MANY))
    analyze()
    for secret, number in ((few, FEW), (many, MANY)):
        _ask(client, secret, number)
    _look(few)
    queries = [_queries(lambda secret=secret: _look(secret)) for secret in (few, many)]  # type: ignore[misc]  # bound now
    pages, looks = (
        _times([lambda: _ask(client, few, FEW), lambda: _ask(client, many, MANY)]),
        _times([lambda: _look(few), lambda: _look(many)]),
    )
    return [
        Result("Queries of who reads a secret, 5,000 people ÷ 50", queries[1] / queries[0], 1.0),
        Result("Time of the page of who reads a secret, 5,000 people ÷ 50", pages[1] / pages[0], BOUND),
        Result("Time of who reads a secret without the page, 5,000 people ÷ 50", looks[1] / looks[0], BOUND),
    ]


def _times(asks: list[Callable[[], None]]) -> list[float]:
    taken: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for ask, measured in zip(asks, taken, strict=True):
            gc.collect()
            started = time.perf_counter()
            ask()
            measured.append(time.perf_counter() - started)
    return [median(measured) for measured in taken]


def _secret_of(owner: User, number: int) -> Secret:
    """A secret in an organization of its own, which `number` people reach: the owner is the first of them."""
    place = make_place(owner)
    organization = place.organization
    Grant.objects.filter(project=place.project, subject_kind=Grant.SubjectKind.EVERYONE).delete()
    above = Team.objects.create(organization=organization, name="All", name_key="all")
    below = Team.objects.create(organization=organization, name="Some", name_key="some", parent=above)
    common = {"organization": organization, "role": Role.MEMBER, "project": place.project}
    Grant.objects.create(**common, subject_kind=Grant.SubjectKind.TEAM, team=above)
    for start in range(1, number, BATCH):
        names = [f"Person {organization.uid.hex[:6]} {index:05}" for index in range(start, min(start + BATCH, number))]
        users = User.objects.bulk_create(
            User(email=f"{name}@example.com", email_key=f"{name}@example.com".lower(), name=name) for name in names
        )
        members = Membership.objects.bulk_create(
            Membership(organization=organization, user=user, role=Role.ADMIN if place_ % 10 == 0 else Role.MEMBER)
            for place_, user in enumerate(users)
        )
        TeamMembership.objects.bulk_create(
            TeamMembership(organization=organization, team=below if place_ % 3 else above, membership=member)
            for place_, member in enumerate(members)
            if place_ % 2
        )
        Grant.objects.bulk_create(
            Grant(**common, subject_kind=Grant.SubjectKind.MEMBER, membership=member)
            for place_, member in enumerate(members)
            if place_ % 2 == 0 or place_ % 5 == 0
        )
    return create_secret(actor=owner, environment=place, kind=Kind.VALUE, name="BENCH", values={"value": "v"})


def _ask(client: Client, secret: Secret, number: int) -> None:
    response = client.get(reverse("access:who_secret", args=[secret.organization_id, secret.pk]))
    if response.status_code != 200 or f'<span class="count">{number}</span>' not in response.content.decode():
        raise RuntimeError(f"The page answered {response.status_code}, or did not count {number} people.")


def _look(secret: Secret) -> None:
    """What the page asks for: the first page and the count."""
    readers = Readers(asked(Permission.SECRET_REVEAL, secret.place, secret=secret.pk), ())
    if not readers.page_of_people("", "").rows or not readers.people().count():
        raise RuntimeError("Nobody reaches the secret.")


def _queries(look: Callable[[], None]) -> int:
    """Without the look for newer keys, which a process takes every so often."""
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            look()
        counts.append(len(captured))
    return min(counts)
