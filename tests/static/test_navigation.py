"""The sidebar leads to what a member may see, and says where one is."""

from types import SimpleNamespace
from uuid import UUID

import pytest
from django.template import Context
from pytest_django.fixtures import Settings

from vault.templatetags.holdfast import navigation

ORGANIZATION = SimpleNamespace(uid=UUID(int=1), name="Harbour")


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.static.styleguide.urls"


def labels(**context: object) -> list[str]:
    return [entry.label for entry in navigation(Context(context))]


def test_it_is_empty_without_an_organization() -> None:
    assert labels() == []
    assert labels(organization=None) == []


def test_it_leads_into_the_organization() -> None:
    entries = navigation(Context({"organization": ORGANIZATION}))
    assert all(str(ORGANIZATION.uid) in entry.url for entry in entries)
    labels = [entry.label for entry in entries]
    assert labels == ["Secrets", "Projects", "Members", "Access", "Activity", "Keys", "Trash", "Settings"]


def test_it_marks_the_current_page() -> None:
    entries = navigation(Context({"organization": ORGANIZATION, "nav": "members"}))
    assert [entry.label for entry in entries if entry.current] == ["Members"]


def test_it_leaves_out_what_is_not_permitted() -> None:
    assert "Activity" not in labels(organization=ORGANIZATION, permitted={"org:view", "secret:list"})
    assert "Activity" in labels(organization=ORGANIZATION, permitted={"org:view", "secret:list", "audit:view"})
