"""The pages of the documentation, and what can be read out of them."""

import ast
import html
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {"node_modules", "var"}
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_SHOWN = (
    "vault/templatetags/holdfast.py",
    "accounts/forms.py",
    "orgs/forms/*.py",
    "orgs/models/*.py",
    "orgs/permissions/words.py",
    "orgs/roles.py",
    "orgs/views/access/*.py",
    "vault/access/forms/*.py",
    "vault/secrets/forms/*.py",
)
"""Modules beside the templates that say what stands on buttons, in menus and beside fields."""


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    found = [path for path in ROOT.rglob("*.md") if not any(map(_is_not_ours, path.relative_to(ROOT).parts))]
    assert len(found) > 10
    return sorted(found)


def _is_not_ours(folder: str) -> bool:
    return folder in _NOT_OURS or folder.startswith(".")


def text_of(page: str) -> str:
    """A page by its path in the project."""
    return (ROOT / page).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def tables(text: str) -> list[list[list[str]]]:
    """Every table of a page: rows of cells, the heading first, without the line of dashes."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if set("".join(cells)) - set("-: "):
                found[-1].append(cells)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def named_tests(text: str) -> list[tuple[str, str]]:
    """The tests that a text names as `path::function`."""
    return _TEST.findall(text)


@cache
def tests_in(path: str) -> frozenset[str]:
    """The names of a test file's functions; none if there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) if node.name[:5] == "test_")


def missing_tests(text: str) -> list[str]:
    """The tests that a text names and that do not exist."""
    return [f"{path}::{name}" for path, name in named_tests(text) if name not in tests_in(path)]


def labels(text: str) -> set[str]:
    """What a page prints in bold: buttons, menus, fields and pages; those on the way to each other apart."""
    bold = re.findall(r"\*\*([^*]+)\*\*", " ".join(text.split()))
    return {name for each in bold for name in each.split(" → ")}


def missing_labels(named: set[str]) -> list[str]:
    """Those that stand on no page of the program."""
    shown = _shown()
    return sorted(name for name in named if not re.search(rf"[>|\"}}/]\s*{re.escape(name)}\s*[<|\"…{{]", shown))


@cache
def _shown() -> str:
    templates = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "templates").rglob("*.html"))
    sources = "\n".join(file.read_text(encoding="utf-8") for glob in _SHOWN for file in sorted(ROOT.glob(glob)))
    shown = html.unescape(templates) + sources
    return re.sub(r"<[^>]+>|\{%.*?%\}", "|", shown) + shown
