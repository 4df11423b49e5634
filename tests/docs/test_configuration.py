"""docs/operators/configuration.md explains every variable that is read, and none that is not."""

import re

from tests.docs.pages import ROOT, pages, tables, text_of

REFERENCE = text_of("docs/operators/configuration.md")
_VARIABLE = re.compile(r"\b(?:HOLDFAST_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL|WEB_CONCURRENCY|HOST|PORT)\b")
# Read by the tests and never by an installation.
_OF_THE_TESTS = {"HOLDFAST_TEST_CHROMIUM", "HOLDFAST_TEST_DATABASE", "HOLDFAST_TEST_SUITE_URL"}


def names(text: str) -> set[str]:
    """The variables that a text names, with their form that ends in _FILE as the variable itself."""
    return {name.removesuffix("_FILE") for name in _VARIABLE.findall(text)}


def read_by_the_application() -> set[str]:
    """Every name that the program looks up in its environment."""
    sources = [ROOT / "vault" / "settings.py", *(ROOT / "deploy").glob("*.py")]
    quoted = " ".join(
        found for file in sources for found in re.findall(r"[\"']([A-Z0-9_]+)[\"']", file.read_text("utf-8"))
    )
    return names(quoted)


def read_by_the_deployment() -> set[str]:
    """Every name that Compose and the proxy's configuration put in."""
    compose = "".join(file.read_text("utf-8") for file in sorted((ROOT / "deploy").glob("compose*.yaml")))
    return names(" ".join(re.findall(r"\$\{([A-Z0-9_]+)", compose) + re.findall(r"\{\$([A-Z0-9_]+)", _caddyfile())))


def _caddyfile() -> str:
    return (ROOT / "deploy" / "Caddyfile").read_text("utf-8")


def explained() -> set[str]:
    """The first column of the tables."""
    return {name for table in tables(REFERENCE) for row in table[1:] for name in names(row[0])}


def test_it_explains_every_variable_that_is_read_and_no_other() -> None:
    assert explained() == read_by_the_application() | read_by_the_deployment()


def test_it_marks_as_required_what_production_does_not_start_without() -> None:
    required = {row[0].strip("`") for table in tables(REFERENCE) for row in table[1:] if "**required**" in row[2]}
    settings = (ROOT / "vault" / "settings.py").read_text("utf-8")
    assert required == set(re.findall(r"env\.missing\(\s*\"(\w+)\"", settings))


def test_no_page_names_a_variable_that_nothing_reads() -> None:
    for page in pages():
        named = {name for name in names(page.read_text("utf-8")) if name not in {"HOST", "PORT"}}
        assert named <= explained() | _OF_THE_TESTS, page.name
