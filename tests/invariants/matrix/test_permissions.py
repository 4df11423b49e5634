"""Each address asks for exactly what the table says, whoever asks: the roles, and whoever holds nothing else, or all
but that."""

from itertools import product

import pytest

from orgs.permissions import ROLE_PERMISSIONS, Permission
from orgs.roles import Role
from tests.harness.counting import MATRIX
from tests.invariants.matrix.needs import BY_PERSON, CASES, NEEDS, lacking, suffices
from tests.invariants.matrix.stage import ARGUMENTS, IN_PROJECTS, Stage, methods_of
from tests.invariants.snapshot import take_snapshot

TURNED_AWAY = {401, 403, 404, 405}
# Where whoever is turned away may leave a trace: the log, and the session that was used.
TRACES = frozenset({"audit_event", "accounts_session"})
EVERYTHING = frozenset(Permission)
OWN = {"access:break_glass_break", "access:break_glass_review", "access:reach_member"}
"""What the role of the one that the id names opens as well, or does not open: the owner broke the glass."""
NAMES = sorted({name for name, _ in CASES})


def test_it_says_of_every_address_and_method_what_they_need() -> None:
    people = {(name, method) for method, _, name in (each.partition(" ") for each in BY_PERSON)}
    assert set(CASES) == NEEDS.keys() | people
    assert not NEEDS.keys() & people


@pytest.mark.parametrize("role", Role)
def test_the_roles_hold_what_the_addresses_that_are_theirs_need(role: Role) -> None:
    for name, method in NEEDS:
        if name not in OWN:
            MATRIX["tables"] += 1
            may = role in methods_of(name)[method]
            assert suffices(ROLE_PERMISSIONS[role], name, method) == may, f"{role} {method} {name}"


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_what_the_table_says_and_no_more(name: str, stage: Stage) -> None:
    for method in methods_of(name):
        for way in NEEDS.get((name, method), ()):
            status = _status(stage, way | {Permission.ORG_VIEW}, name, method)
            assert status not in TURNED_AWAY, f"{method} {name} with no more than {sorted(way)}: {status}"
            assert status < 500


@pytest.mark.parametrize("name", NAMES)
def test_all_but_what_the_table_says_is_not_enough(name: str, stage: Stage) -> None:
    before = take_snapshot(tables=TRACES)
    for method in methods_of(name):
        ways = lacking(name, method) if (name, method) in NEEDS else [frozenset[Permission]()]
        for without in filter(None, ways):  # nothing is needed where nothing is lacking
            status = _status(stage, EVERYTHING - without, name, method)
            assert status == _refusal(name, without), f"{method} {name} without {sorted(without)}: {status}"
        if (name, method) not in NEEDS:
            status = _status(stage, EVERYTHING, name, method)
            assert status in (403, 404), f"{method} {name}, {BY_PERSON[f'{method} {name}']}: {status}"
    assert take_snapshot(tables=TRACES) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_roles_may_what_is_theirs(name: str, stage: Stage) -> None:
    for (method, allowed), role in product(methods_of(name).items(), Role):
        MATRIX["roles"] += 1
        with stage.apart():
            status = stage.ask(role.value, method, stage.acme.path(name)).status_code
        if role in allowed:
            assert status not in TURNED_AWAY, f"{role} {method} {name}: {status}"
            assert status < 500
        else:
            assert status == 403, f"{role} {method} {name}: {status}"


def _status(stage: Stage, held: frozenset[Permission], name: str, method: str) -> int:
    """Of the probe, about what nothing else opens."""
    MATRIX["permissions"] += 1
    with stage.apart():
        stage.holding(held)
        return stage.ask("probe", method, stage.safe.path(name)).status_code


def _refusal(name: str, without: frozenset[Permission]) -> int:
    """Who may not see the names in a project does not learn that it is there."""
    inside = any(argument in IN_PROJECTS for argument in ARGUMENTS[name])
    return 404 if inside and Permission.SECRET_LIST in without else 403
