"""What every template knows about the person in front of it."""

from enum import StrEnum
from typing import Any

from django.http import HttpRequest

THEME_COOKIE = "theme"


class Theme(StrEnum):
    """What a person may choose; `system` follows the device."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def theme_of(request: HttpRequest) -> Theme:
    """The theme in the cookie; whatever else is in it counts as `system`."""
    try:
        return Theme(request.COOKIES.get(THEME_COOKIE, ""))
    except ValueError:
        return Theme.SYSTEM


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `theme`."""
    return {"theme": theme_of(request).value}
