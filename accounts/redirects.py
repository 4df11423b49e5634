"""Where a sign-in may lead: a path on this site, and nowhere else."""

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

NEXT = "next"
NEXT_MAX_LENGTH = 2000


def is_local(url: str) -> bool:
    """Whether `url` is a path of ours: `//evil`, `/\\evil`, `javascript:` and absolute addresses are not."""
    return (
        url.startswith("/")
        and len(url) <= NEXT_MAX_LENGTH
        and url.isprintable()
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )


def next_of(request: HttpRequest) -> str:
    """The path that the request asks to come back to, or "" if there is none or it is not ours."""
    url = request.POST.get(NEXT) or request.GET.get(NEXT) or ""
    return url if is_local(url) else ""


def next_or_home(request: HttpRequest) -> str:
    return next_of(request) or resolve_url("home")


def with_next(name: str, path: str, **parameters: str) -> str:
    """The address of the page `name`, which leads on to `path` if that is a path of ours."""
    query = {**parameters, **({NEXT: path} if path and is_local(path) else {})}
    url = resolve_url(name)
    return f"{url}?{urlencode(query)}" if query else url
