"""Ids that come in a form or a query: another organization's is answered as one of nothing, and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from tests.harness.counting import MATRIX
from tests.invariants.matrix.comparing import answer
from tests.invariants.matrix.stage import ABOUT_ROWS, Ids, Stage, methods_of
from tests.invariants.matrix.test_permissions import TRACES
from tests.invariants.snapshot import take_snapshot

Body = Callable[[Ids], dict[str, Any]]


def _grant(ids: Ids) -> dict[str, Any]:
    return {"subject": ids.membership, "role": ids.role, "scope": f"environment:{ids.environment}", "highest": 1}


def _asked(ids: Ids) -> dict[str, Any]:
    wish = {"where": f"environment:{ids.environment}", "role": f"role:{ids.role}", "team": ids.team}
    return {**wish, "highest": 1, "minutes": 60, "reason": "The shop is down"}


def _campaign(ids: Ids) -> dict[str, Any]:
    due = (timezone.now() + timedelta(days=7)).date().isoformat()
    return {"name": "Year", "project": ids.project, "reviewers": [ids.membership], "due_at": due}


POSTED: dict[str, list[Body]] = {
    "access:break_glass_name": [lambda ids: {"membership": ids.membership, "project": ids.project}],
    "access:leave_plan": [
        lambda ids: {f"to-{ids.environment}": f"member:{ids.membership}", "access": "read"},
        lambda ids: {f"to-{ids.environment}": f"team:{ids.team}", "access": "read"},
    ],
    "access:request_new": [_asked, lambda ids: {**_asked(ids), "where": f"project:{ids.project}", "role": "reveal"}],
    "access:review_confirm": [lambda ids: {"line": [ids.line], "count": 1}],
    "access:review_new": [_campaign],
    "access:review_reviewer": [lambda ids: {"membership": ids.membership}],
    "orgs:grant_create": [
        _grant,
        lambda ids: {**_grant(ids), "subject": ids.team, "scope": f"project:{ids.project}"},
        lambda ids: {**_grant(ids), "subject": ids.machine, "role": "viewer"},
    ],
    "orgs:grants_revoke": [lambda ids: {"grant": [ids.grant]}, lambda ids: {"project": ids.project, "role": ids.role}],
    "orgs:network_add": [lambda ids: {"cidr": "198.51.100.0/24", "machine": ids.machine}],
    "orgs:team_create": [lambda ids: {"name": "Night shift", "parent": ids.team}],
    "orgs:team_edit": [lambda ids: {"name": "Night shift", "parent": ids.team}],
    "orgs:team_members": [lambda ids: {"members": [ids.membership]}],
}
"""Bodies that name rows."""

QUERIES: dict[str, list[Body]] = {
    "access:request_new": [
        lambda ids: {"secret": ids.secret},
        lambda ids: {"environment": ids.environment},
        lambda ids: {"project": ids.project},
    ],
    "orgs:activity": [lambda ids: {"actor": ids.membership, "resource": ids.secret}],
    "orgs:grant_create": [lambda ids: {"subject": ids.membership, "scope": f"project:{ids.project}"}],
    "orgs:grants": [lambda ids: {"project": ids.project}, lambda ids: {"role": ids.role}],
    "orgs:network_add": [lambda ids: {"machine": ids.machine}],
    "secrets:activity": [lambda ids: {"actor": ids.membership, "resource": ids.environment}],
    "secrets:project": [lambda ids: {"environment": ids.environment}],
    "secrets:list": [lambda ids: {"project": ids.project}, lambda ids: {"environment": ids.environment}],
    "secrets:trash": [lambda ids: {"project": ids.project}, lambda ids: {"environment": ids.environment}],
}
"""What addresses take in their query that names rows."""

NO_ROWS = frozenset(
    {
        "accept_invalid",
        "again",
        "answer",
        "approvals",
        "base_version",
        "before",
        "classification",
        "clear_value",
        "code",
        "confirmation",
        "confirmed",
        "cursor",
        "description",
        "digest",
        "direction",
        "email",
        "ended",
        "ends_at",
        "environments",
        "field",
        "field_value",
        "fill",
        "form",
        "group",
        "kind",
        "longest_grant_days",
        "minutes",
        "name",
        "newer",
        "note",
        "older",
        "openness",
        "orgs:invite role",
        "orgs:member_role role",
        "outcome",
        "page",
        "path",
        "permission",
        "permissions",
        "purpose",
        "q",
        "reason",
        "reason_required",
        "reveal_seconds",
        "reviewed",
        "seal",
        "seen",
        "show",
        "since",
        "starts_at",
        "step",
        "step_up_minutes",
        "tag",
        "tags",
        "template",
        "text",
        "until",
        "verdict",
        "version",
        "when",
    }
)
"""What forms and queries name that is no row: texts, choices, moments, and places in a list. With an address, where
another one names a row by that."""

CASES = [
    *((name, "POST", number) for name, bodies in POSTED.items() for number in range(len(bodies))),
    *((name, "GET", number) for name, bodies in QUERIES.items() for number in range(len(bodies))),
]


@pytest.mark.parametrize(("name", "method", "number"), CASES)
def test_another_organizations_row_is_answered_as_none(name: str, method: str, number: int, stage: Stage) -> None:
    make = (POSTED if method == "POST" else QUERIES)[name][number]
    own = make(stage.acme)
    before = take_snapshot(tables=TRACES)
    swapped = 0
    for theirs, nothing in zip(make(stage.initech).items(), make(stage.missing).items(), strict=True):
        if theirs == nothing:
            continue  # names no row
        swapped += 1
        for who in ("owner", "both"):
            foreign = _answer(stage, who, method, name, _with(own, *theirs))
            missing = _answer(stage, who, method, name, _with(own, *nothing))
            assert foreign == missing, f"{who} {method} {name} with another organization's {theirs[0]}"
    assert swapped
    assert take_snapshot(tables=TRACES) == before


def test_every_name_that_is_read_is_known(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form or a query that takes something new says here whether that names a row."""
    read: set[str] = set()
    for method in ("__getitem__", "get", "getlist", "__contains__"):
        monkeypatch.setattr(QueryDict, method, _telling(getattr(QueryDict, method), read))
    unknown: set[str] = set()
    for name in ABOUT_ROWS:
        for method in methods_of(name):
            read.clear()
            with stage.apart():
                stage.ask("owner", method, stage.acme.path(name))
            table = POSTED if method == "POST" else QUERIES
            named = {each for make in table.get(name, ()) for each in make(stage.acme)}
            # The query of a page is read when its form is sent, too.
            named |= {each for make in QUERIES.get(name, ()) for each in make(stage.acme)}
            fields = {each for each in read - named - NO_ROWS if f"{name} {each}" not in NO_ROWS}
            unknown |= {f"{method} {name} {each}" for each in fields}
    assert not unknown, sorted(unknown)


def _telling(original: Callable[..., Any], read: set[str]) -> Callable[..., Any]:
    def telling(self: QueryDict, key: str, *args: Any, **kwargs: Any) -> Any:
        read.add(key)
        return original(self, key, *args, **kwargs)

    return telling


def _with(body: dict[str, Any], field: str, value: object) -> dict[str, Any]:
    return {**{key: text for key, text in body.items() if not key.startswith("to-")}, field: value}


def _answer(stage: Stage, who: str, method: str, name: str, body: dict[str, Any]) -> tuple[int, str, str]:
    MATRIX["bodies"] += 1
    path = stage.acme.path(name)
    if method == "GET":
        query = QueryDict(mutable=True)
        for key, value in body.items():
            query[key] = str(value)
        found = answer(stage, who, method, f"{path}?{query.urlencode()}", stage.acme, stage.initech, stage.missing)
    else:
        found = answer(stage, who, method, path, stage.acme, stage.initech, stage.missing, body=body)
    return found.status, found.text, found.location
