"""The colours of static/css/tokens.css, and the contrast that WCAG 2.2 measures between two of them."""

import re
from pathlib import Path

STYLESHEETS = Path(__file__).resolve().parents[2] / "static" / "css"
_COLOUR = r"#[0-9a-fA-F]{6}"
_PAIR = re.compile(rf"--([a-z0-9-]+): (?:light-dark\(({_COLOUR}), ({_COLOUR})\)|({_COLOUR}));")
THEMES = ("light", "dark")


def colours(theme: str, *, more_contrast: bool = False) -> dict[str, str]:
    """Every colour token of a theme as `#rrggbb`; with `more_contrast` as people who ask for that see it."""
    text = (STYLESHEETS / "tokens.css").read_text(encoding="utf-8")
    usual, _, more = text.partition("@media (prefers-contrast: more)")
    found = {}
    for name, light, dark, both in _PAIR.findall(usual + (more if more_contrast else "")):
        found[name] = both or (light if theme == "light" else dark)
    return found


def _luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
