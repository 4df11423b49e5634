"""What is found, and how it is taken away."""

import ast

import pytest

from tests.mutation.checks import Check, Rewriting, Way, all_checks, checks_of
from tests.mutation.equivalent import EQUIVALENT

SOURCE = """
def view(request):
    found = organization_for(actor, uid, Permission.ORG_CONFIGURE)
    require(actor, Permission.SECRET_REVEAL, found)
    asked = (Permission.SECRET_LIST, Permission.SECRET_WRITE)
    refuse_gain(actor, found)
    if not decide(actor, permission, found).allowed:
        raise AccessDenied
    if found.gone:
        raise Http404
    if found.waits:
        return self.send(request)
    return Team.objects.filter(places_touched(reached), organization=found, name="x")
"""
TAKEN = {
    Way.UNASKED: [
        "found = __unasked__(lambda: organization_for(actor, uid, Permission.ORG_CONFIGURE))",
        "__unasked__(lambda: require(actor, Permission.SECRET_REVEAL, found))",
    ],
    Way.LESSER: [
        "organization_for(actor, uid, Permission.ORG_VIEW)",
        "require(actor, Permission.SECRET_LIST, found)",
        "asked = (Permission.SECRET_LIST, Permission.SECRET_LIST)",
    ],
    Way.OMITTED: ["__omitted__(lambda: refuse_gain(actor, found))"],
    Way.ALWAYS: ["if not __always__(lambda: decide(actor, permission, found).allowed):"],
    Way.LET: ["if __let__(lambda: found.gone):", "if __let__(lambda: found.waits):"],
    Way.EVERYTHING: ["filter(__everything__(lambda: places_touched(reached)), organization=found, name='x')"],
    Way.WIDER: ["(Team.objects.filter(places_touched(reached), name='x'), lambda: found)[0]"],
}


def found_in(source: str) -> list[Check]:
    return list(checks_of("sample.py", source))


def without(check: Check) -> str:
    return ast.unparse(ast.fix_missing_locations(Rewriting({}, check).visit(ast.parse(SOURCE))))


@pytest.mark.parametrize("way", Way)
def test_it_finds_each_kind_and_takes_nothing_else_away(way: Way) -> None:
    checks = [check for check in found_in(SOURCE) if check.way is way]
    assert len(checks) == len(TAKEN[way])
    for check, taken in zip(checks, TAKEN[way], strict=True):
        assert taken in without(check)
        changed = set(without(check).splitlines()) - set(ast.unparse(ast.parse(SOURCE)).splitlines())
        assert len(changed) == 1


def test_it_names_the_function_that_a_check_is_in() -> None:
    source = "class A:\n    def b(self):\n        def c():\n            require(1)\n        return c\n"
    assert [check.function for check in found_in(source)] == ["A.b.<locals>.c"]


def test_probes_change_nothing_that_is_computed() -> None:
    checks = found_in(SOURCE)
    probes = {check.span: [number] for number, check in enumerate(checks)}
    probed = ast.unparse(ast.fix_missing_locations(Rewriting(probes).visit(ast.parse(SOURCE))))
    assert all(f"(__ran__({number}), " in probed for number in [numbers[0] for numbers in probes.values()])


def test_a_permission_that_is_only_named_is_no_check() -> None:
    assert not found_in("def f():\n    return denied_as_missing(actor, Permission.SECRET_REVEAL, found)\n")


def test_it_finds_the_checks_of_the_program_and_each_once() -> None:
    keys = [check.key for check in all_checks()]
    assert len(keys) > 500
    assert len(set(keys)) == len(keys)


def test_each_that_is_said_to_have_no_effect_is_there() -> None:
    assert EQUIVALENT.keys() <= {check.key for check in all_checks()}
    assert all(EQUIVALENT.values())
