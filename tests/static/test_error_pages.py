"""Error pages render with nothing at hand: no context, no database, no manifest of static files."""

import pytest
from django.template import loader
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from tests.static.styleguide.pages import ERRORS
from vault.errors import error_response


@pytest.mark.parametrize("status", ERRORS)
def test_it_renders_without_any_context(status: int) -> None:
    page = loader.render_to_string(f"errors/{status}.html")
    assert f">{status}<" in page
    assert "<h1>" in page
    assert "quote" not in page, "there is no correlation id to quote"


@pytest.mark.parametrize("status", ERRORS)
def test_it_shows_the_correlation_id_and_the_reason_escaped(status: int) -> None:
    page = loader.render_to_string(f"errors/{status}.html", {"correlation_id": "01f3a9", "reason": "<b>Because.</b>"})
    assert "<code>01f3a9</code>" in page
    assert "&lt;b&gt;Because.&lt;/b&gt;" in page


def test_it_keeps_the_theme_that_the_person_chose() -> None:
    request = RequestFactory().get("/nothing/", headers={"accept": "text/html"})
    request.COOKIES["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in error_response(request, 404).content.decode()


def test_it_says_when_to_try_again() -> None:
    assert "Try again in 2 minutes." in loader.render_to_string("errors/429.html", {"retry_after": 95})


@pytest.mark.parametrize("status", [500, 503])
def test_it_renders_when_the_manifest_of_static_files_is_missing(status: int, settings: Settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = "/nonexistent"
    assert "/static/css/base.css" in loader.render_to_string(f"errors/{status}.html")
