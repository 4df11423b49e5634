"""What the decision costs: a reveal in an organization with 1,000 grants, 200 teams and 10,000 secrets ÷ the same with
10 grants.

Whoever reveals is a member who reaches the secret by a grant: in the large organization they are in 20 teams, and have
300 of the grants themselves. Both reveals go through the whole stack, in turns.
"""

import gc
import time
from statistics import median

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from orgs.models import Environment, Grant, Membership, Organization, Project, Team, TeamMembership
from orgs.permissions import Permission, decide
from orgs.roles import Role
from tests.bench.people import browser_of, make_owner, make_place
from tests.bench.result import Result
from tests.bench.tables import analyze
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret

ROUNDS = 150
BOUND = 1.2
BATCH = 2_000
PROJECTS = 50


def run() -> list[Result]:
    """The ratio of the numbers of queries of a decision, and of the median times of a reveal."""
    owner, member = make_owner(), make_owner()
    client = browser_of(member)
    small = _place(owner, member, grants=10, teams=2, own=3, within=1, secrets=10)
    large = _place(owner, member, grants=1_000, teams=200, own=300, within=20, secrets=10_000)
    analyze()
    for secret in (small, large):
        for _ in range(3):
            _reveal(client, secret)
    queries = [_queries(member, secret) for secret in (small, large)]
    times: dict[Secret, list[float]] = {small: [], large: []}
    for _ in range(ROUNDS):
        for secret, measured in times.items():
            gc.collect()
            started = time.perf_counter()
            _reveal(client, secret)
            measured.append(time.perf_counter() - started)
    return [
        Result("Queries of a decision, 1,000 grants ÷ 10", queries[1] / queries[0], 1.0),
        Result("Time of a reveal, 1,000 grants ÷ 10", median(times[large]) / median(times[small]), BOUND),
    ]


def _place(owner: User, member: User, *, grants: int, teams: int, own: int, within: int, secrets: int) -> Secret:
    """A secret in an organization of its own with so many grants (`own` of them the member's), teams (the member is in
    `within` of them) and secrets."""
    environment = make_place(owner)
    organization = environment.organization
    mine = Membership.objects.create(organization=organization, user=member, role=Role.MEMBER)
    others = _members(organization, 20)
    environments = [environment, *_environments(organization)]
    crowd = Team.objects.bulk_create(
        Team(organization=organization, name=f"Team {number}", name_key=f"team {number}") for number in range(teams)
    )
    TeamMembership.objects.bulk_create(
        TeamMembership(organization=organization, team=team, membership=mine) for team in crowd[:within]
    )
    Grant.objects.filter(organization=organization).delete()  # what a new project begins with
    Grant.objects.bulk_create(
        Grant(
            organization=organization,
            role=Role.MEMBER,
            project_id=_where(environments, number, own).project_id,
            environment=_where(environments, number, own),
            **_subject(number, mine, others, crowd, own),
        )
        for number in range(grants)
    )
    for start in range(0, secrets - 1, BATCH):
        Secret.objects.bulk_create(
            Secret(
                organization=organization,
                project_id=environments[number % len(environments)].project_id,
                environment=environments[number % len(environments)],
                kind=Kind.VALUE,
                name=f"NAME_{number:06}",
                name_key=f"name_{number:06}",
                version=1,
            )
            for number in range(start, min(start + BATCH, secrets - 1))
        )
    return create_secret(actor=owner, environment=environment, kind=Kind.VALUE, name="BENCH", values={"value": "v"})


def _where(environments: list[Environment], number: int, own: int) -> Environment:
    """The first grant of the member, and of a team, are where the secret is; the others are spread."""
    return environments[0 if number == own else number % len(environments)]


def _subject(number: int, mine: Membership, others: list[Membership], teams: list[Team], own: int) -> dict[str, object]:
    if number < own:
        return {"subject_kind": Grant.SubjectKind.MEMBER, "membership": mine}
    if number < own + len(teams):
        return {"subject_kind": Grant.SubjectKind.TEAM, "team": teams[number - own]}
    return {"subject_kind": Grant.SubjectKind.MEMBER, "membership": others[number % len(others)]}


def _members(organization: Organization, number: int) -> list[Membership]:
    names = [f"{organization.uid.hex[:8]}-{index}@example.com" for index in range(number)]
    users = User.objects.bulk_create(User(email=name, email_key=name, name=name) for name in names)
    return Membership.objects.bulk_create(
        Membership(organization=organization, user=user, role=Role.MEMBER) for user in users
    )


def _environments(organization: Organization) -> list[Environment]:
    projects = Project.objects.bulk_create(
        Project(organization=organization, kind=Project.Kind.PASSWORDS, name=f"P{number}", name_key=f"p{number}")
        for number in range(PROJECTS - 1)
    )
    return Environment.objects.bulk_create(
        Environment(organization=organization, project=project, name="Shared", name_key="shared")
        for project in projects
    )


def _reveal(client: Client, secret: Secret) -> None:
    url = reverse("secrets:reveal", args=[secret.pk])
    if client.post(url, {"field": "value"}, headers={"accept": "application/json"}).status_code != 200:
        raise RuntimeError("The reveal did not work.")


def _queries(member: User, secret: Secret) -> int:
    """Without the look for newer keys, which a process takes every so often."""
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            if not decide(member, Permission.SECRET_REVEAL, secret).allowed:
                raise RuntimeError("The member does not reach the secret.")
        counts.append(len(captured))
    return min(counts)
