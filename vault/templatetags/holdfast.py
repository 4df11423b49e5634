"""Template tags of the house: icons, moments in time, initials, and the navigation of the shell."""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from django import template
from django.conf import settings
from django.template import Context, TemplateSyntaxError
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

register = template.Library()

SPRITE = "icons.svg"
AVATAR_COLOURS = 6


@cache
def icon_names() -> frozenset[str]:
    """The ids of the symbols in ``static/icons.svg``: the icons that exist."""
    sprite = Path(__file__).resolve().parents[2] / "static" / SPRITE
    return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite.read_text(encoding="utf-8")))


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A decorative icon of the sprite; ``size="large"`` is 20 px instead of 16.

    Raises ``TemplateSyntaxError`` for a name that the sprite does not hold.
    """
    if name not in icon_names():
        raise TemplateSyntaxError(f"there is no icon named {name!r} in static/{SPRITE}")
    css_class = f"icon icon--{size}" if size else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css_class,
        static(SPRITE),
        name,
    )


@register.simple_tag
def asset(path: str) -> str:
    """The URL of a static file, for pages that must render when nothing else works.

    ``{% static %}`` raises when the manifest of hashed names is missing; an error page must not.
    """
    try:
        return static(path)
    except ValueError:
        return f"{settings.STATIC_URL}{path}"


def _distance(delta: timedelta) -> str | None:
    """``delta`` (not negative) in words, or None from a week on: then the date says more."""
    minutes = int(delta.total_seconds()) // 60
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 24 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    if delta < timedelta(days=7):
        return ngettext("%(n)d day", "%(n)d days", delta.days) % {"n": delta.days}
    return None


def _date(moment: datetime) -> str:
    """ "22 Nov 2026". By strftime, in C, because a list has one on every row: `date_format` takes ten times as long."""
    return f"{moment.day} {moment:%b %Y}"


def _words(moment: datetime, now: datetime) -> str:
    past = moment <= now
    delta = now - moment if past else moment - now
    if delta < timedelta(minutes=1):
        return "just now" if past else "in a moment"
    if (distance := _distance(delta)) is None:
        return _date(moment)
    return f"{distance} ago" if past else f"in {distance}"


@register.filter
def when(moment: datetime | None, style: str = "relative") -> SafeString | str:
    """A ``<time>`` element for an aware datetime; "never" for None.

    ``style``: ``relative`` ("3 minutes ago", a date from a week on), ``date``, or ``full`` (date and time with zone).
    The exact moment is always in ``datetime`` and ``title``.
    """
    if not moment:
        return "never"
    local = timezone.localtime(moment)
    full = f"{local.day} {local:%B %Y, %H:%M %Z}"
    match style:
        case "relative":
            words = _words(local, timezone.localtime())
        case "date":
            words = _date(local)
        case "full":
            words = full
        case _:
            raise TemplateSyntaxError(f"|when knows relative, date and full, not {style!r}")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), full, words)


@register.filter
def duration(seconds: int) -> str:
    """A waiting time in words, rounded up so that it is over when the words say so: 95 is "2 minutes"."""
    for unit, singular, plural in ((3600, "%(n)d hour", "%(n)d hours"), (60, "%(n)d minute", "%(n)d minutes")):
        if seconds >= unit:
            return ngettext(singular, plural, number := -(-seconds // unit)) % {"n": number}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def _initials(name: str) -> str:
    words = [word for word in re.split(r"[\s@._-]+", name) if word]
    chosen = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0].upper()[:1] for word in chosen) or "?"


@register.simple_tag
def avatar(name: str, email: str = "", square: bool = False, small: bool = False) -> SafeString:
    """Initials on one of six colours, the same colour for the same person; decorative, the name stands beside it."""
    colour = crc32((email or name).encode()) % AVATAR_COLOURS + 1
    css_class = f"avatar avatar--{colour}{' avatar--square' if square else ''}{' avatar--small' if small else ''}"
    initials = _initials(name or email.partition("@")[0])
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css_class, initials[:1] if square else initials)


@register.filter
def grouped(text: str, size: int = 4) -> str:
    """``text`` in groups of ``size`` characters, so that it can be typed from a screen."""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the sidebar; ``current`` when the view named it in ``nav``; ``count`` of what waits there."""

    label: str
    icon: str
    url: str
    current: bool
    count: int = 0


# The key in the context variable `nav`, label, icon, URL name (its argument is the organization's uid), and the
# permission that it takes, or "" when every member may.
NAVIGATION = (
    ("secrets", "Secrets", "key-round", "secrets:list", "secret:list"),
    ("projects", "Projects", "folder", "orgs:projects", ""),
    ("members", "Members", "users", "orgs:members", ""),
    ("access", "Access", "shield", "orgs:access", ""),
    ("activity", "Activity", "activity", "orgs:activity", "audit:view"),
    ("keys", "Keys", "lock-keyhole", "custody:keys", "key:rotate"),
    ("trash", "Trash", "trash-2", "secrets:trash", "secret:list"),
    ("settings", "Settings", "settings", "orgs:settings", ""),
)


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[NavigationItem]:
    """The sidebar's entries for the context's ``organization``; none without one.

    With ``permitted`` in the context (a container of permission strings) entries that need another one are left out.
    ``access_waiting.requests`` is how many requests wait for the person.
    """
    organization: Any = context.get("organization")
    if not organization:
        return []
    permitted: Container[str] | None = context.get("permitted")
    waiting: Any = context.get("access_waiting")
    counts = {"access": waiting.requests if waiting else 0}
    return [
        NavigationItem(
            label,
            icon_name,
            reverse(url_name, args=[organization.uid]),
            context.get("nav") == key,
            counts.get(key, 0),
        )
        for key, label, icon_name, url_name, permission in NAVIGATION
        if not permission or permitted is None or permission in permitted
    ]
