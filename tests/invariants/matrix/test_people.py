"""Whoever is not let in learns nothing: what is another's, or of another parent, is answered as what is not there."""

from dataclasses import fields, replace
from typing import Any

import pytest
from django.urls import reverse

from orgs.role_templates import TEMPLATES
from tests.harness.counting import MATRIX
from tests.invariants.matrix.comparing import Answer, answer
from tests.invariants.matrix.needs import NEEDS, suffices
from tests.invariants.matrix.stage import ABOUT_ROWS, ARGUMENTS, ENDED, IN_PROJECTS, Ids, Stage, methods_of, rows_named
from tests.invariants.matrix.test_permissions import TRACES, TURNED_AWAY
from tests.invariants.snapshot import take_snapshot

OUTSIDERS = ("outsider", "support", "removed", "invited")
NAMES = sorted(ABOUT_ROWS)
PLACED = (*IN_PROJECTS, "grant")
"""What lies in a project that not every member knows of: the grant on the stage is of one."""


@pytest.mark.parametrize("name", NAMES)
def test_outsiders_cannot_tell_what_is_foreign_from_what_is_missing(name: str, stage: Stage) -> None:
    before = take_snapshot(tables=TRACES)
    for method in methods_of(name):
        nothing = {who: _asked(stage, who, method, name, stage.missing) for who in OUTSIDERS}
        for who in OUTSIDERS:
            foreign = _asked(stage, who, method, name, stage.acme)
            assert foreign.status == 404, f"{who} {method} {name}: {foreign.status}"
            assert foreign == nothing[who], f"{who} {method} {name}"
        # The same the other way round: of two who are at home, neither sees the other's.
        foreign = _asked(stage, "owner", method, name, stage.initech)
        assert foreign == _asked(stage, "owner", method, name, stage.missing), f"owner {method} {name}"
        assert foreign.status == 404
        for who in ("stranger", "suspended"):
            foreign = _asked(stage, who, method, name, stage.acme)
            assert foreign == _asked(stage, who, method, name, stage.missing), f"{who} {method} {name}"
            assert foreign.status == 302
            assert foreign.location.startswith(reverse("accounts:sign_in"))
    assert take_snapshot(tables=TRACES) == before


@pytest.mark.parametrize("name", [name for name in NAMES if len(rows_named(name)) > 1])
def test_a_child_of_another_parent_is_missing(name: str, stage: Stage) -> None:
    """To somebody, too, who owns both organizations: and to an owner of one, with a random id in each place."""
    before = take_snapshot(tables=TRACES)
    for method in methods_of(name):
        for argument in rows_named(name):
            mixed = replace(stage.acme, **{argument: getattr(stage.initech, argument)})
            random = replace(stage.acme, **{argument: getattr(stage.missing, argument)})
            crossed = _asked(stage, "both", method, name, mixed)
            missing = _asked(stage, "both", method, name, random)
            assert missing.status == 404, f"{method} {name} with a random {argument}: {missing.status}"
            assert _seen(crossed) == _seen(missing), f"{method} {name} with another organization's {argument}"
            crossed = _asked(stage, "owner", method, name, mixed)
            assert _seen(crossed) == _seen(_asked(stage, "owner", method, name, random)), f"{method} {name}"
            assert crossed.status == 404
    assert take_snapshot(tables=TRACES) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_roles_from_templates_may_what_they_hold(name: str, stage: Stage) -> None:
    for method in methods_of(name):
        for template in TEMPLATES:
            found = _asked(stage, template.key, method, name, stage.safe).status
            if (name, method) in NEEDS and suffices(template.permissions, name, method):
                assert found not in TURNED_AWAY, f"{template.key} {method} {name}: {found}"
                assert found < 500
            else:
                assert found == 403, f"{template.key} {method} {name}: {found}"


@pytest.mark.parametrize("name", NAMES)
def test_a_grant_that_does_not_hold_opens_nothing(name: str, stage: Stage) -> None:
    before = take_snapshot(tables=TRACES)
    inside = any(argument in PLACED for argument in ARGUMENTS[name])
    for method in methods_of(name):
        if (name, method) in NEEDS and suffices(frozenset(), name, method):
            continue  # for every member
        for who in ENDED:
            found = _asked(stage, who, method, name, stage.safe)
            assert found.status == (404 if inside else 403), f"{who} {method} {name}: {found.status}"
            if inside:
                missing = replace(stage.safe, **{each: getattr(stage.missing, each) for each in PLACED})
                assert _seen(found) == _seen(_asked(stage, who, method, name, missing)), f"{who} {method} {name}"
    assert take_snapshot(tables=TRACES) == before


def test_everything_is_asked_about_in_both_organizations(stage: Stage) -> None:
    own: list[Any] = [getattr(stage.acme, each.name) for each in fields(Ids)]
    assert not {*own} & {getattr(stage.initech, each.name) for each in fields(Ids)}


def _asked(stage: Stage, who: str, method: str, name: str, ids: Ids) -> Answer:
    MATRIX["people"] += 1
    return answer(stage, who, method, ids.path(name), ids)


def _seen(found: Answer) -> tuple[int, str, str]:
    """Without the number of statements, which tells nothing to somebody who belongs to the organization."""
    return found.status, found.text, found.location
