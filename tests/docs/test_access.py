"""docs/administrators/access.md: its tables, words, commands and documents are those of the program."""

import ast
import json
import re
from contextlib import suppress
from functools import cache
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orgs.classification import Classification
from orgs.demands import DEFAULTS, LOWERING_MINUTES
from orgs.models import Membership, Project
from orgs.permissions import Permission
from orgs.role_templates import TEMPLATES
from orgs.selectors.networks import VISITOR_DAYS
from orgs.services import create_project
from tests.cast import Cast
from tests.docs.pages import ROOT, labels, missing_labels, missing_tests, tables, text_of
from vault.access.management.commands.access import SUBCOMMANDS
from vault.access.models.break_glass import REVIEW_DAYS
from vault.access.selectors.requests import LONGEST_DAYS
from vault.access.services.asking import MOST_A_DAY, OPEN_DAYS
from vault.access.services.breaking import MINUTES
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret, reveal_secret

PAGE = text_of("docs/administrators/access.md")
WORDS = " ".join(PAGE.split())


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so."""
    return next(found[1:] for found in tables(PAGE) if found[0][0] == heading)


def test_it_says_what_a_new_organization_asks_for() -> None:
    for row, classification in zip(table("Class"), Classification, strict=True):
        demands = DEFAULTS[classification]
        minutes, days = demands.step_up_minutes, demands.longest_grant_days
        assert row == [
            classification.label,
            "not asked" if minutes is None else f"{minutes} minutes",
            str(demands.approvals),
            "yes" if demands.reason_required else "no",
            f"{demands.reveal_seconds} seconds",
            "no limit" if days is None else f"{days} days",
        ]


def test_it_says_what_the_templates_hold() -> None:
    rows = table("Template")
    assert [row[0] for row in rows] == [each.name for each in TEMPLATES]
    for row, template in zip(rows, TEMPLATES, strict=True):
        assert set(re.findall(r"`([a-z:]+)`", row[2])) == set(template.permissions)
        assert template.sentence.lower().startswith(row[1].lower())


def test_it_says_what_nothing_asks_for_yet() -> None:
    from tests.docs.test_guide import NOT_ASKED_FOR_YET

    (sentence,) = re.findall(r"Of these permissions (.+?) can be given already", WORDS)
    assert set(map(Permission, re.findall(r"`([a-z:]+)`", sentence))) == NOT_ASKED_FOR_YET


@pytest.mark.parametrize(
    "sentence",
    [
        f"At most {MOST_A_DAY} requests a day; each waits {OPEN_DAYS} days.",
        f"{LONGEST_DAYS} days where there is none",
        f"gives {MINUTES} minutes of reading",
        f"after {REVIEW_DAYS} days without one the owners are mailed daily",
        f"who of the last {VISITOR_DAYS} days' visitors would be outside",
    ],
)
def test_it_says_the_numbers_of_the_code(sentence: str) -> None:
    assert sentence in WORDS


def test_it_says_how_fresh_the_proof_of_whoever_lowers_something_is() -> None:
    assert LOWERING_MINUTES == 5
    assert "proves who they are within five minutes" in WORDS


def test_it_names_buttons_and_menus_as_the_pages_do() -> None:
    named = labels(PAGE)
    assert len(named) > 40
    assert missing_labels(named) == []


@cache
def texts() -> tuple[str, ...]:
    """Every text in the modules that refuse something; of those with gaps, the parts between them."""
    found = []
    for package in ("orgs", "vault/access", "vault/secrets"):
        for file in (ROOT / package).rglob("*.py"):
            nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            found += [node.value for node in nodes if isinstance(node, ast.Constant) if isinstance(node.value, str)]
    return tuple(found)


def test_it_quotes_refusals_as_they_are_said() -> None:
    quoted = [part for row in table("What you read") for part in re.findall(r"“([^”]+)”", row[0])]
    assert len(quoted) > 12
    assert [part for part in quoted if not any(part in text for text in texts())] == []


def test_it_explains_every_subcommand_and_how_each_ends() -> None:
    named = " ".join(row[0] for row in table("Command"))
    assert {name for name in SUBCOMMANDS if f"`manage.py access {name}" in named} == set(SUBCOMMANDS)


def shape(document: object) -> object:
    """A document without what is in it: keys, and of a list the shapes of its rows."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    return [shape(each) for each in document[:1]] if isinstance(document, list) else None


def shown(*keys: str) -> Any:
    """The document on the page that has these keys."""
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
    return next(block for block in blocks if set(keys) <= set(block))


def said(*arguments: str) -> Any:
    """What a command says with --json, however it ends."""
    out = StringIO()
    with suppress(CommandError):
        call_command("access", *arguments, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


@pytest.fixture
def secret(cast: Cast) -> str:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Logins")
    made = create_secret(
        actor=cast.alice, environment=project.environments.get(), kind=Kind.VALUE, name="Wiki", values={"value": "x"}
    )
    reveal_secret(actor=cast.bob, secret=made.pk)
    return "acme/Logins/Wiki"


def test_it_shows_the_document_of_access_who(secret: str) -> None:
    assert shape(said("who", secret)) == shape(shown("readers"))


def test_it_shows_the_document_of_access_explain(cast: Cast, secret: str) -> None:
    expected: Any = shape(shown("because"))
    expected["person"]["email"] = None
    assert shape(said("explain", cast.vera.email, secret)) == expected


@pytest.mark.usefixtures("secret")
def test_it_shows_the_document_of_access_verify(cast: Cast) -> None:
    from tests.sealing import tamper

    (keys,) = re.findall(r'`\{"rows": \d+, "faults": \[\]\}`, where each fault has ([^.]+)\.', WORDS)
    tamper(Membership.objects.filter(user=cast.bob), role="owner")
    document = said("verify")
    assert set(document) == {"rows", "faults"}
    assert set(document["faults"][0]) == set(re.findall(r"`(\w+)`", keys))


def test_it_names_only_tests_that_exist() -> None:
    assert missing_tests(PAGE) == []
