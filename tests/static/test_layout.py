"""Pages fit their window, controls fit a finger, and the theme that was chosen is the one that is painted."""

import pytest
from playwright.sync_api import ViewportSize

from tests.static.conftest import PHONE, Stage
from tests.static.styleguide.pages import PAGES

pytestmark = pytest.mark.browser
# 320: content reflows down to that (WCAG 2.2, 1.4.10). 761 and 1001: just above where the layout changes.
SIZES: list[ViewportSize] = [{"width": width, "height": 800} for width in (1280, 1001, 761, 390, 320)]
TARGETS = ".button, .nav-link, .menu__item, .sidebar__button, .tabs__item, .mark, select, input[type=search], .check"


@pytest.mark.parametrize("page_name", PAGES)
def test_it_never_scrolls_sideways(stage: Stage, page_name: str) -> None:
    page = stage(f"{page_name}/?long&messages&bad")
    for size in SIZES:
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("page_name", PAGES)
def test_it_gives_a_finger_44_pixels(stage: Stage, page_name: str) -> None:
    page = stage(f"{page_name}/", PHONE, has_touch=True, is_mobile=True)
    heights = page.locator(TARGETS).evaluate_all(
        "elements => elements.map(element => [element.outerHTML.slice(0, 90), element.getBoundingClientRect().height])"
    )
    assert [text for text, height in heights if 0 < height < 43.5] == []


@pytest.mark.parametrize(
    ("chosen", "system", "ground"),
    [
        ("light", "dark", "rgb(246, 244, 240)"),
        ("dark", "light", "rgb(16, 20, 19)"),
        ("system", "light", "rgb(246, 244, 240)"),
        ("system", "dark", "rgb(16, 20, 19)"),
    ],
)
def test_it_paints_the_chosen_theme(stage: Stage, chosen: str, system: str, ground: str) -> None:
    page = stage(f"signin/?theme={chosen}", color_scheme=system)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_it_shows_every_icon(stage: Stage) -> None:
    page = stage("list/")
    drawn = page.locator(".nav-link .icon use").evaluate_all("uses => uses.map(use => use.getBBox().width)")
    assert len(drawn) == 8
    assert min(drawn) > 0
