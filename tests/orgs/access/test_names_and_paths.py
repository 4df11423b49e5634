"""One normalizer each for names and for paths: what went through once comes out of a second pass unchanged."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from orgs.names import clean_authority_named
from orgs.permissions import Permission, decide
from orgs.places import Place, Scope, clean_path, is_within
from orgs.roles import Role
from orgs.services import create_machine, create_role, create_team
from tests.orgs.access.authority import Scene

PARTS = st.one_of(st.text(max_size=8), st.sampled_from([".", "..", "/", "//", " ", "db", "e\u0301", "ﬁ", "\u200d"]))


@given(st.lists(PARTS, max_size=6).map("/".join))
@example("a/\u0300b")
@example("db / url")
def test_a_path_that_passes_stays_as_it_is(text: str) -> None:
    try:
        path = clean_path(text)
    except ValidationError:
        return
    assert clean_path(path) == path
    assert not path.startswith("/")
    assert not path.endswith("/")
    if path:
        assert not {part.strip() for part in path.split("/")} & {"", ".", ".."}
        assert is_within(path, f"{path}/x")
        assert not is_within(path, f"{path}x")


@given(st.text(max_size=20))
def test_a_name_that_passes_stays_as_it_is(text: str) -> None:
    try:
        name, key = clean_authority_named(text, field="Name", max_length=100)
    except ValidationError:
        return
    assert clean_authority_named(name, field="Name", max_length=100) == (name, key)


@pytest.mark.parametrize(
    "word", ["Owner", "admin", "MEMBER", "ｖｉｅｗｅｒ", " Everyone ", "Every  member", "O\u200dwner"]
)
def test_words_of_this_program_are_no_names(scene: Scene, word: str) -> None:
    alice, acme = scene.cast.alice, scene.acme
    for make in (
        lambda: create_role(actor=alice, organization=acme, name=word, permissions=[Permission.SECRET_LIST]),
        lambda: create_team(actor=alice, organization=acme, name=word),
        lambda: create_machine(actor=alice, organization=acme, name=word),
    ):
        with pytest.raises(ValidationError):
            make()


@pytest.mark.parametrize("name", ["*", "+", "a/b", "root", "..", "%", "_", "'; --", "<b>x</b>", "null"])
def test_signs_are_letters_in_names(scene: Scene, name: str) -> None:
    """A name matches nothing but itself: it gives what its own rows give."""
    role = scene.role(Permission.SECRET_LIST, name=name)
    team = scene.team(name, scene.cast.bob)
    other = scene.team("Other")
    scene.give(other, Role.ADMIN)
    scene.give(team, role, scene.scope(scene.payroll))
    machine = create_machine(actor=scene.cast.alice, organization=scene.acme, name=name)
    assert decide(scene.cast.bob, Permission.SECRET_LIST, Place(scene.acme.uid, scene.payroll.uid)).allowed is False
    assert decide(scene.cast.bob, Permission.SECRET_LIST, scene.payroll, partly=True).allowed
    assert not decide(scene.cast.bob, Permission.GRANT_MANAGE, scene.payroll).allowed
    assert not decide(machine, Permission.SECRET_LIST, scene.payroll, partly=True).allowed


@pytest.mark.parametrize("path", ["*", "+", "%", "_", ".*", "d*"])
def test_signs_are_letters_in_paths(scene: Scene, path: str) -> None:
    scope = Scope(scene.acme.uid, scene.payroll.uid, scene.environment(scene.payroll).uid, clean_path(path))
    place = scope.place
    assert scope.covers(place)
    assert not scope.covers(Place(place.organization, place.project, place.environment, "db"))
    assert not scope.covers(Place(place.organization, place.project, place.environment, "x"))


def test_scopes_include_what_lies_in_them(scene: Scene) -> None:
    production = scene.environment(scene.payroll)
    chain = [
        scene.scope(),
        scene.scope(scene.payroll),
        scene.scope(scene.payroll, production),
        scene.scope(scene.payroll, production, "db"),
        scene.scope(scene.payroll, production, "db/primary"),
    ]
    for outer, scope in enumerate(chain):
        for inner, other in enumerate(chain):
            assert scope.includes(other) is (outer <= inner)
            assert scope.covers(other.place) is (outer <= inner)
    assert not scene.scope(scene.website).includes(chain[1])
    assert not scene.scope(scene.payroll, production, "d").includes(chain[3])
    assert not Scope(scene.cast.initech.uid).includes(chain[0])
