"""Nobody changes or removes a line, or what was decided about it: not by SQL, as the application or as the owner."""

from contextlib import nullcontext

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit.actor import Actor
from tests.cast import Cast
from tests.harness.roles import as_table_owner
from tests.sealing import tamper
from tests.vault.access.reviews.conftest import Reviewed, Verdict, make_reviewed
from vault.access import triggers
from vault.access.checks import check_triggers
from vault.access.errors import CampaignClosed
from vault.access.models import ReviewDecision, ReviewLine
from vault.access.selectors.reviews import result_of
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db

STATEMENTS = [
    "UPDATE access_reviewdecision SET verdict = 'confirmed'",
    "UPDATE access_reviewdecision SET note = 'as agreed'",
    "DELETE FROM access_reviewdecision",
    "UPDATE access_reviewline SET subject_label = 'Somebody else'",
    "UPDATE access_reviewline SET about = NULL",
    "DELETE FROM access_reviewline",
]


@pytest.fixture
def decision(reviewed: Reviewed) -> ReviewDecision:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    return reviewed.decide(reviewed.cast.adam, line, Verdict.REVOKED)  # type: ignore[no-any-return]  # it is one


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("owner", [False, True], ids=["as the application", "as the owner"])
def test_the_database_refuses(decision: ReviewDecision, statement: str, *, owner: bool) -> None:
    def attempt() -> None:
        role = as_table_owner() if owner else nullcontext()
        with role, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    before = list(ReviewDecision.objects.values()), list(ReviewLine.objects.values())
    with pytest.raises((IntegrityError, ProgrammingError), match=r"written once|permission denied"):
        attempt()
    assert (list(ReviewDecision.objects.values()), list(ReviewLine.objects.values())) == before


def test_no_row_is_pushed_out(decision: ReviewDecision) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    columns = ", ".join(str(field.column) for field in ReviewDecision._meta.concrete_fields)
    for key in ("uid", "'00000000000000000000000000000001'"):
        copy = f"SELECT {columns.replace('uid', key, 1)} FROM access_reviewdecision"  # noqa: S608 - names of columns
        with (
            pytest.raises(IntegrityError, match="written once"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"INSERT OR REPLACE INTO access_reviewdecision ({columns}) {copy}")


def test_a_missing_trigger_is_noticed(decision: ReviewDecision) -> None:
    assert check_triggers(databases=["default"]) == []
    with as_table_owner():
        triggers.remove(connection)
    (problem,) = check_triggers(databases=["default"])
    assert problem.id == "access.E001"  # the rollback of the test brings them back


@pytest.mark.django_db(transaction=True)
def test_what_was_changed_all_the_same_is_reported_and_has_no_result(transactional_cast: Cast) -> None:
    reviewed = make_reviewed(transactional_cast)
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    decision = reviewed.decide(reviewed.cast.adam, line, Verdict.REVOKED)
    with as_table_owner():
        triggers.remove(connection)
        tamper(ReviewDecision, verdict="confirmed")
        triggers.install(connection)
    faults = [each for each in verify_authority(actor=Actor.system("test")).faults if "review" in each.kind]
    assert [(each.kind, each.row) for each in faults] == [("access.reviewdecision", decision.pk.hex)]
    with pytest.raises(CampaignClosed, match="not as this program wrote them"):
        result_of(line.campaign)
