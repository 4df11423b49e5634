"""Every icon that is named exists, and the sprite is nothing but shapes."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.template import Context, Template, TemplateSyntaxError

from vault.templatetags.holdfast import NAVIGATION, icon_names

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html"))


def rendered(source: str) -> str:
    return Template("{% load holdfast %}" + source).render(Context())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_it_has_every_icon_that_a_template_names(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    named = {
        *re.findall(r"""{%\s*icon\s+["']([^"']+)["']""", text),
        *re.findall(r'data-palette-icon="([a-z0-9-]+)"', text),
    }
    assert named <= icon_names()


def test_it_has_the_icons_of_the_navigation_and_of_the_palette() -> None:
    assert {"arrow-right", *(entry[2] for entry in NAVIGATION)} <= icon_names()


def test_it_draws_an_icon_that_assistive_technology_skips() -> None:
    drawn = rendered('{% icon "key-round" %}')
    assert drawn.startswith('<svg class="icon" aria-hidden="true"')
    assert re.search(r'<use href="/static/icons[^"]*\.svg#key-round"></use></svg>$', drawn)


def test_it_refuses_an_icon_that_does_not_exist() -> None:
    with pytest.raises(TemplateSyntaxError, match="no icon named 'unicorn'"):
        rendered('{% icon "unicorn" %}')


def test_it_keeps_scripts_styles_and_colours_out_of_the_images() -> None:
    for image in [ROOT / "static" / "icons.svg", *(ROOT / "static" / "img").glob("*.svg")]:
        tree = ET.fromstring(image.read_text(encoding="utf-8"))  # noqa: S314  # our own file
        names = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert names <= {"svg", "symbol", "path", "circle", "rect", "line", "ellipse", "polyline", "polygon"}
        attributes = {name for element in tree.iter() for name in element.attrib}
        assert not {name for name in attributes if name.startswith("on") or name in {"style", "href"}}


def test_it_names_the_licence_of_the_icons() -> None:
    licences = (ROOT / "static" / "LICENSES.md").read_text(encoding="utf-8")
    assert "Lucide" in licences
    assert "ISC License" in licences
