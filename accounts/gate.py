"""Who may reach a view at all. Every view asks for a verified session unless it says otherwise, here."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from accounts.models import User

View = TypeVar("View", bound=Callable[..., Any])


class Gate(StrEnum):
    """How much of a sign-in a view asks for."""

    SESSIONLESS = "sessionless"
    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    VERIFIED = "verified"


def sessionless(view: View) -> View:
    """For views that look at no session at all: whoever asks, and whatever they send, the answer is the same.

    Whether a process is alive is asked when its database or its keys are gone, which a session needs.
    """
    view.gate = Gate.SESSIONLESS  # type: ignore[attr-defined]  # functions carry attributes
    return view


def public(view: View) -> View:
    """For views that strangers may reach. The view itself decides what they see."""
    view.gate = Gate.PUBLIC  # type: ignore[attr-defined]  # functions carry attributes
    return view


def signed_in_only(view: View) -> View:
    """For views that a signed-in person needs before there is a second factor: enrolling one, above all.

    Whoever has a second factor must have used it even so: a password alone opens nothing of theirs.
    """
    view.gate = Gate.SIGNED_IN  # type: ignore[attr-defined]  # functions carry attributes
    return view


def gate_of(view: Callable[..., Any]) -> Gate:
    """What the view asks for; a view that says nothing asks for everything."""
    return Gate(getattr(view, "gate", Gate.VERIFIED))


def gate_at(path: str) -> Gate:
    """What the view at an address asks for; where there is none, the page that says so looks like the others."""
    try:
        return gate_of(resolve(path).func)
    except Resolver404:
        return Gate.VERIFIED


def person(request: HttpRequest) -> User:
    """The signed-in person of a view behind the gate. Raises `PermissionError` where the gate was not passed."""
    if not request.user.is_authenticated:
        raise PermissionError("This view is public: nobody needs to be signed in here.")
    return request.user
