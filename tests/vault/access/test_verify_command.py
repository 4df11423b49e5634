"""`manage.py access verify` and `access seal`: what they say, and how they end."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.actions import Action
from audit.models import Event
from orgs.models import Membership
from tests.cast import Cast
from tests.sealing import tamper, unguarded
from vault.seals import is_genuine
from vault.seals.models import Seal, Tally

pytestmark = pytest.mark.django_db


def access(*words: str) -> tuple[dict[str, Any], int]:
    """The JSON document of a subcommand, and its exit code."""
    out = StringIO()
    code = 0
    try:
        call_command("access", *words, "--json", stdout=out, stderr=StringIO())
    except CommandError as error:
        code = error.returncode
    return json.loads(out.getvalue().splitlines()[0]), code


def spoken(*words: str) -> tuple[str, str]:
    """What a subcommand says to people, and what it complains about."""
    out = StringIO()
    try:
        call_command("access", *words, stdout=out, stderr=StringIO())
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def bob_of(cast: Cast) -> Membership:
    return Membership.objects.get(organization=cast.acme, user=cast.bob)


def test_it_finds_nothing_wrong(cast: Cast) -> None:
    document, code = access("verify")
    assert (document["faults"], code) == ([], 0)
    assert document["rows"] > 10
    event = Event.objects.get(action=Action.AUTHORITY_VERIFIED)
    assert (event.outcome, event.details) == ("success", {"checked": document["rows"], "failed": 0})
    assert "as this program wrote them" in spoken("verify")[0]


def test_it_lists_what_is_not_genuine(cast: Cast) -> None:
    tamper(Membership.objects.filter(user=cast.bob), role="owner")
    document, code = access("verify")
    assert code == 1
    (fault,) = document["faults"]
    assert fault == {
        "kind": "orgs.membership",
        "row": bob_of(cast).uid.hex,
        "fault": "altered",
        "organization": str(cast.acme.uid),
    }
    said, complaint = spoken("verify")
    assert bob_of(cast).uid.hex in said
    assert "access seal" in complaint
    assert Event.objects.filter(action=Action.AUTHORITY_VERIFIED, outcome="failure").exists()


def test_it_lists_a_row_that_is_gone(cast: Cast) -> None:
    row = bob_of(cast)
    unguarded(Membership.objects.filter(pk=row.pk))._raw_delete("default")
    document, code = access("verify")
    assert code == 1
    assert [fault["fault"] for fault in document["faults"]] == ["deleted"]


def test_it_says_of_a_tally_that_what_came_back_grants(cast: Cast) -> None:
    row = bob_of(cast)
    Seal.objects.filter(row=row.seal_row()).delete()
    unguarded(Membership.objects.filter(pk=row.pk))._raw_delete("default")
    said, complaint = spoken("verify")
    assert "seals.tally" in said
    assert "grants what it says" in complaint
    assert "nothing" not in complaint
    tamper(Membership.objects.filter(user=cast.vera), role="owner")
    _, both = spoken("verify")
    assert "1 of " in both
    assert "and grants nothing" in both
    assert "1 tally does not fit" in both


def test_it_lists_seals_of_no_model(cast: Cast) -> None:
    seal = Seal.objects.get(row=bob_of(cast).seal_row())
    Seal.objects.create(kind="orgs.nothing", row="1", organization_id=None, version=1, mac=seal.mac)
    faults = {fault["fault"] for fault in access("verify")[0]["faults"]}
    assert "of no model" in faults


def test_it_takes_a_row_over(cast: Cast) -> None:
    tamper(Membership.objects.filter(user=cast.bob), role="viewer")
    document, code = access("seal", "orgs.membership", bob_of(cast).uid.hex, "--yes")
    assert (document["fault"], code) == ("altered", 0)
    assert is_genuine(bob_of(cast))
    assert access("verify")[1] == 0
    assert Event.objects.get(action=Action.AUTHORITY_SEAL_ACCEPTED).risk == "critical"


def test_it_says_when_nothing_was_wrong(cast: Cast) -> None:
    said, _ = spoken("seal", "orgs.membership", str(bob_of(cast).uid), "--yes")
    assert "Nothing was wrong" in said
    assert not Event.objects.filter(action=Action.AUTHORITY_SEAL_ACCEPTED).exists()


def test_it_takes_a_missing_row_over(cast: Cast) -> None:
    row = bob_of(cast)
    unguarded(Membership.objects.filter(pk=row.pk))._raw_delete("default")
    assert access("seal", "orgs.membership", row.uid.hex, "--yes") == (
        {"kind": "orgs.membership", "row": row.uid.hex, "tally": None, "fault": "deleted"},
        0,
    )
    assert access("verify")[1] == 0


def test_it_takes_a_tally_over(cast: Cast) -> None:
    Tally.objects.filter(scope=str(cast.acme.uid)).delete()
    assert access("verify")[1] == 1
    assert access("seal", "--tally", str(cast.acme.uid), "--yes")[1] == 0
    assert access("verify")[1] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("seal",), 2),
        (("seal", "orgs.membership"), 2),
        (("seal", "orgs.membership", "0" * 32), 3),
        (("seal", "orgs.membership", "0" * 32, "--yes"), 3),
        (("seal", "orgs.membership", "nonsense", "--yes"), 3),
        (("seal", "orgs.nothing", "1", "--yes"), 3),
        (("seal", "--tally", "nonsense", "--yes"), 3),
        (("seal", "--tally", "00000000-0000-0000-0000-000000000000", "--yes"), 3),
    ],
)
def test_it_refuses_what_it_cannot_take_over(cast: Cast, words: tuple[str, ...], code: int) -> None:
    document, ended = access(*words)
    assert ended == code
    assert document["error"]
