"""What a long list costs: the page of secrets of an organization with 100,000 of them ÷ that of one with 10.

Both are the same page for the same person, asked for in turns through the whole stack. That the longer list shows a
full page of rows and the shorter one ten is a part of what is measured.
"""

import gc
import time
from statistics import median

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orgs.models import Environment
from tests.bench.people import browser_of, make_owner, make_place, uncollected_static_files
from tests.bench.result import Result
from tests.bench.tables import analyze
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret

FEW, MANY = 10, 100_000
ROUNDS = 60
BATCH = 10_000
TIME_BOUND = 1.5


def run() -> list[Result]:
    """The ratio of the numbers of queries and that of the median times, on the configured database."""
    with uncollected_static_files():
        return _measure()


def _measure() -> list[Result]:
    owner = make_owner()
    client = browser_of(owner)
    short, long = (_list_of(make_place(owner), number) for number in (FEW, MANY))
    analyze()
    for url in (short, long):
        _get(client, url)
    queries = [_queries(client, url) for url in (short, long)]
    times: dict[str, list[float]] = {short: [], long: []}
    for _ in range(ROUNDS):
        for url, measured in times.items():
            gc.collect()
            started = time.perf_counter()
            _get(client, url)
            measured.append(time.perf_counter() - started)
    return [
        Result("Queries of the list of 100,000 secrets ÷ that of 10", queries[1] / queries[0], 1.0),
        Result(
            "Time of the list of 100,000 secrets ÷ that of 10", median(times[long]) / median(times[short]), TIME_BOUND
        ),
    ]


def _list_of(place: Environment, number: int) -> str:
    """Fills a place with secrets, and gives the address of the list."""
    fill(place, number)
    return reverse("secrets:list", args=[place.organization_id])


def fill(place: Environment, number: int) -> None:
    """Secrets without values."""
    for start in range(0, number, BATCH):
        Secret.objects.bulk_create(_secret(place, i) for i in range(start, min(start + BATCH, number)))


def _secret(place: Environment, index: int) -> Secret:
    name = f"service_{index % 97}/NAME_{index:06}"
    return Secret(
        organization_id=place.organization_id,
        project_id=place.project_id,
        environment=place,
        kind=Kind.VALUE,
        name=name,
        name_key=name.lower(),
        search_text=name.lower(),
        version=1,
    )


def _get(client: Client, url: str) -> None:
    response = client.get(url)
    if response.status_code != 200:
        raise RuntimeError(f"The list answered {response.status_code}.")


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        _get(client, url)
    return len(captured)
