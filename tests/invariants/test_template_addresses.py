"""Every address that a template or the sidebar names exists, so that no page fails on the link that nobody followed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from vault.templatetags.holdfast import NAVIGATION

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def named(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    """Every name below these patterns, with its namespaces."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from named(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{space}{pattern.name}"


@pytest.fixture(scope="module")
def names() -> set[str]:
    return set(named(get_resolver().url_patterns))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_has_every_address_that_a_template_names(template: Path, names: set[str]) -> None:
    used = re.findall(r"""{%\s*url\s+["']([^"']+)["']""", template.read_text(encoding="utf-8"))
    assert set(used) <= names


def test_it_has_every_address_of_the_sidebar(names: set[str]) -> None:
    assert {entry[3] for entry in NAVIGATION} <= names
