"""A link leads somewhere, every page can be found, and a path that is named exists."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, pages, prose

PAGES = [page.relative_to(ROOT).as_posix() for page in pages()]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:docs|tests|vault|accounts|orgs|audit|deploy|templates|static)/[\w./-]*)(?:::\w+)?`")
# Made at the first start of an installation.
_MADE_LATER = ("deploy/secrets/", "deploy/.env", "deploy/provider.env")


def links(page: Path) -> list[str]:
    return [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not re.match(r"https?://", link)]


def anchor(heading: str) -> str:
    """What a heading is called in an address, as code hosts do it."""
    words = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_it_leads_to_a_file_and_to_a_heading_in_it(page: str) -> None:
    path = ROOT / page
    for link in links(path):
        target, _, fragment = link.partition("#")
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), link
        assert found.is_relative_to(ROOT), link
        if fragment:
            headings = re.findall(r"^#+ (.+)$", prose(found.read_text(encoding="utf-8")), re.MULTILINE)
            assert fragment in {anchor(heading) for heading in headings}, link


@pytest.mark.parametrize("page", PAGES)
def test_it_names_paths_that_exist(page: str) -> None:
    for path in _PATH.findall((ROOT / page).read_text(encoding="utf-8")):
        if not path.startswith(_MADE_LATER):
            assert (ROOT / path).exists(), path


def test_the_index_lists_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert {ROOT / page for page in PAGES if not page.startswith("tests/")} - {index} <= listed
