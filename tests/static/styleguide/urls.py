"""The URL names that the shell needs, and one page for each part of the design: a stage for the browser tests."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path

from tests.static.styleguide import pages


def nowhere(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """Stands where a link of the shell leads."""
    return HttpResponse(status=204)


def named(*names: str, organization: bool = False) -> list[URLPattern]:
    """Addresses that lead nowhere, each under its name."""
    prefix = "o/<uuid:uid>/" if organization else ""
    return [path(f"{prefix}{name}/", nowhere, name=name) for name in names]


SECRETS = [
    *named("list", "trash", organization=True),
    *named("search"),
    path("palette/", pages.palette, name="palette"),
]
ORGS = [*named("projects", "members", "access", "activity", "settings", organization=True), *named("list", "create")]
CUSTODY = named("keys", organization=True)
ACCOUNTS = named("profile", "second_factor", "sign_out", "theme")

urlpatterns = [
    path("", nowhere, name="home"),
    path("styleguide/", pages.contents),
    path("styleguide/<slug:page>/", pages.page, name="styleguide"),
    path("styleguide/error/<int:status>/", pages.error),
    path("s/", include((SECRETS, "secrets"))),
    path("o/", include((ORGS, "orgs"))),
    path("k/", include((CUSTODY, "custody"))),
    path("a/", include((ACCOUNTS, "accounts"))),
]
