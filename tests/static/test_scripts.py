"""Scripts are small, and none of them turns text into markup or code."""

import re
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[2] / "static").rglob("*.js"))
MOST_LINES = 64  # about sixty
FORBIDDEN = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "createContextualFragment", "DOMParser", "srcdoc",
    "document.write", "eval(", "new Function", "importScripts", "trustedTypes", "localStorage", "sessionStorage",
    "indexedDB", "document.cookie", ".style.cssText",
)  # fmt: skip
ids = [script.name for script in SCRIPTS]


def test_it_finds_the_scripts() -> None:
    assert len(SCRIPTS) >= 9


@pytest.mark.parametrize("script", SCRIPTS, ids=ids)
def test_it_keeps_every_script_small(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("script", SCRIPTS, ids=ids)
def test_it_writes_text_and_never_markup_or_storage(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert [word for word in FORBIDDEN if word in text] == []
    assert not re.search(r"""set(Timeout|Interval)\(\s*["'`]""", text), "a timer given a string is eval"
    assert not re.search(r"""setAttribute\(\s*["'`](on|style)""", text), "the policy blocks it"


@pytest.mark.parametrize("script", SCRIPTS, ids=ids)
def test_it_talks_to_this_site_alone(script: Path) -> None:
    addresses = re.findall(r"""https?://[^\s"'`]+""", script.read_text(encoding="utf-8"))
    assert [address for address in addresses if not address.startswith("http://www.w3.org/")] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=ids)
def test_it_imports_only_scripts_beside_it_by_name(script: Path) -> None:
    # the form that collectstatic finds and rewrites to the name with the hash
    text = script.read_text(encoding="utf-8")
    assert "import(" not in text
    for line in re.findall(r"^\s*import\b.*", text, re.MULTILINE):
        named = re.fullmatch(r'import \{[ \w,]+\} from "\./([a-z]+\.js)";', line)
        assert named, line
        assert (script.parent / named[1]).is_file()
