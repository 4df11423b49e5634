"""Paths that hold some names and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgs.places import is_within
from vault.access.covering import covering_paths

PARTS = st.sampled_from(["a", "b", "db", "dbx"])
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@pytest.mark.parametrize(
    ("wanted", "every", "paths"),
    [
        ({"a", "b"}, ["a", "b"], [""]),
        ({"a"}, ["a", "b"], ["a"]),
        ({"db/url", "db/key"}, ["db/url", "db/key", "dbx"], ["db"]),
        ({"db/url"}, ["db/url", "db/key"], ["db/url"]),
        ({"db"}, ["db", "db/key", "x"], ["db"]),
        ({"x/a/b", "x/a/c"}, ["x/a/b", "x/a/c", "x/d"], ["x/a"]),
        ({"/odd"}, ["/odd", "b"], [""]),
        ({"x//y"}, ["x//y", "x/z", "b"], ["x"]),
        (set(), ["a"], []),
    ],
)
def test_it_takes_the_fewest(wanted: set[str], every: list[str], paths: list[str]) -> None:
    assert covering_paths(wanted, every) == paths


@given(st.sets(NAMES, min_size=1, max_size=8), st.data())
def test_it_holds_all_that_is_wanted_and_no_more_than_it_must(every: set[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sets(st.sampled_from(sorted(every)), min_size=1))
    paths = covering_paths(wanted, every)
    for name in every:
        covered = any(is_within(path, name) for path in paths)
        # A name that lies below a wanted one cannot be told from it.
        assert covered == (name in wanted or any(is_within(other, name) for other in wanted))
    assert len(paths) <= len(wanted)
