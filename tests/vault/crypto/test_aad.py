from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.aad import RowBinding, context, tenant_key_aad

_texts = st.text(alphabet="ab/\0é", min_size=1, max_size=4)
_bindings = st.builds(RowBinding, _texts, _texts, _texts, st.uuids(), st.integers(0, 2**64 - 1))


@given(_bindings, _bindings)
def test_two_places_never_have_the_same_context(one: RowBinding, other: RowBinding) -> None:
    assert (context(one) == context(other)) == (one == other)


@given(_texts, _texts, st.integers(1, 9), _texts, _texts, st.integers(1, 9))
def test_two_keys_never_have_the_same_aad(
    scope: str, purpose: str, version: int, scope2: str, purpose2: str, version2: int
) -> None:
    one = tenant_key_aad(b"header", scope=scope, purpose=purpose, version=version)
    other = tenant_key_aad(b"header", scope=scope2, purpose=purpose2, version=version2)
    assert (one == other) == ((scope, purpose, version) == (scope2, purpose2, version2))


@pytest.mark.parametrize("missing", ["scope", "table", "column"])
def test_it_refuses_a_place_without_a_name(missing: str, binding: RowBinding) -> None:
    emptied: dict[str, Any] = {missing: ""}
    with pytest.raises(ValueError, match=missing):
        context(binding._replace(**emptied))


@pytest.mark.parametrize("version", [-1, 2**64, -(2**70)])
def test_it_refuses_a_version_out_of_range(version: int, binding: RowBinding) -> None:
    with pytest.raises(ValueError, match="version"):
        context(binding._replace(version=version))


@pytest.mark.parametrize(
    "wrong",
    [
        {"row": None},
        {"row": "7d3f0a9c-1b2d-4e5f-8a6b-0c1d2e3f4a5b"},
        {"row": 7},
        {"version": None},
        {"version": 1.5},
        {"version": "1"},
    ],
)
def test_it_refuses_a_row_without_uid_or_version(wrong: dict[str, object], binding: RowBinding) -> None:
    with pytest.raises(TypeError, match="UUID"):
        context(binding._replace(**wrong))  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.parametrize(
    ("scope", "purpose", "version"), [("", "data", 1), ("s", "", 1), ("s", "data", 0), ("s", "data", 2**32)]
)
def test_it_refuses_a_key_without_a_name(scope: str, purpose: str, version: int) -> None:
    with pytest.raises(ValueError, match="tenant key needs"):
        tenant_key_aad(b"", scope=scope, purpose=purpose, version=version)


def test_the_binding_does_not_change_after_it_is_made() -> None:
    binding = RowBinding("s", "t", "c", UUID(int=1), 1)
    with pytest.raises(AttributeError):
        binding.version = 2  # type: ignore[misc]  # that is what is tested
