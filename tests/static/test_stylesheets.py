"""Stylesheets are layered, small, loaded once, and ask for nothing from elsewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
LAYERS = {"reset", "tokens", "base", "components", "utilities"}
ids = [sheet.name for sheet in SHEETS]


def without_comments(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("sheet", SHEETS, ids=ids)
def test_it_keeps_every_stylesheet_under_400_lines(sheet: Path) -> None:
    assert len(sheet.read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize("sheet", SHEETS, ids=ids)
def test_it_puts_every_rule_into_a_layer(sheet: Path) -> None:
    depth, outside = 0, ""
    for character in without_comments(sheet):
        depth -= character == "}"
        outside += character if depth == 0 else ""
        depth += character == "{"
    assert depth == 0
    statements = [part.strip() for part in re.split(r"[{};]", outside) if part.strip()]
    assert {name for part in statements for name in re.split(r",\s*", part.removeprefix("@layer "))} <= LAYERS
    assert all(part.startswith("@layer ") for part in statements)


@pytest.mark.parametrize("sheet", SHEETS, ids=ids)
def test_it_loads_nothing_but_our_own_images(sheet: Path) -> None:
    text = without_comments(sheet)
    assert "@import" not in text
    assert "@font-face" not in text
    for address in re.findall(r"""url\(["']?([^"')]+)""", text):
        assert (sheet.parent / address).is_file()


def test_it_links_every_stylesheet_once_with_the_order_of_the_layers_first() -> None:
    head = (ROOT / "templates" / "components" / "head.html").read_text(encoding="utf-8")
    linked = re.findall(r'"css/([a-z]+\.css)"', head)
    assert sorted(linked) == [sheet.name for sheet in SHEETS]
    assert linked[0] == "reset.css"


@pytest.mark.parametrize("sheet", SHEETS, ids=ids)
def test_it_names_only_tokens_that_exist(sheet: Path) -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", "".join(without_comments(each) for each in SHEETS)))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", without_comments(sheet))) <= defined


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.name not in {"tokens.css", "print.css"}], ids=str)
def test_it_takes_colours_from_the_tokens(sheet: Path) -> None:
    colours = re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\([^)]*\)", without_comments(sheet))
    # a QR code is read by a camera: white ground in both themes
    assert [colour for colour in colours if colour != "#fff" or sheet.name != "secrets.css"] == []
