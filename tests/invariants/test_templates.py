"""What holds for every template of the project: no inline code, nothing unescaped, every form protected."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path
    for folder in ("templates", "vault", "accounts", "orgs", "audit", "tests")
    for path in (ROOT / folder).rglob("*.html")
)


def name_of(path: Path) -> str:
    """A template's path in the project, to name a test by."""
    return str(path.relative_to(ROOT))


@pytest.fixture(params=TEMPLATES, ids=name_of)
def text(request: pytest.FixtureRequest) -> str:
    """The source of a template without its comments."""
    source: str = request.param.read_text(encoding="utf-8")
    source = re.sub(r"{%\s*comment\b.*?{%\s*endcomment\s*%}", "", source, flags=re.DOTALL)
    return re.sub(r"{#.*?#}", "", source)


def test_it_finds_the_templates() -> None:
    assert len(TEMPLATES) >= 30


def test_it_has_no_inline_script(text: str) -> None:
    for attributes, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, flags=re.DOTALL | re.IGNORECASE):
        assert "src=" in attributes
        assert not body.strip()


def test_it_has_no_inline_style(text: str) -> None:
    assert not re.search(r"<style\b", text, re.IGNORECASE)
    assert not re.search(r"\sstyle\s*=", text, re.IGNORECASE)


def test_it_has_no_event_attributes_and_no_script_addresses(text: str) -> None:
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text, re.IGNORECASE)
    assert not re.search(r"javascript\s*:", text, re.IGNORECASE)


def test_it_escapes_everything(text: str) -> None:
    assert not re.search(r"\|\s*(safe|safeseq)\b", text)
    assert not re.search(r"{%\s*autoescape\s+off", text)


def test_it_loads_nothing_from_another_site(text: str) -> None:
    assert not re.search(
        r"""<(?:script|link|img|iframe|source|use|object|embed)\b[^>]*\b(?:src|href)=["'](?:https?:)?//""", text
    )


@pytest.mark.parametrize(
    "text", [path for path in TEMPLATES if "styleguide" not in path.parts], ids=name_of, indirect=True
)
def test_it_puts_a_token_into_every_form_that_posts(text: str) -> None:
    for opening, body in re.findall(r"(<form\b[^>]*>)(.*?)</form>", text, flags=re.DOTALL | re.IGNORECASE):
        if re.search(r"""method=["']?post""", opening, re.IGNORECASE):
            assert "{% csrf_token %}" in body, opening


def test_it_says_of_every_form_how_it_is_sent(text: str) -> None:
    for opening in re.findall(r"<form\b[^>]*>", text, flags=re.IGNORECASE):
        assert re.search(r"""method=["'](post|get|dialog)["']""", opening), opening


def test_it_names_every_button_that_shows_only_an_icon(text: str) -> None:
    for opening in re.findall(r"<(?:button|a|summary)\b[^>]*\bbutton--icon\b[^>]*>", text):
        assert "aria-label=" in opening, opening
