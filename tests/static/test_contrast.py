"""Words can be read and controls can be seen in both themes: WCAG 2.2 AA, computed from the tokens."""

import pytest

from tests.static.tokens import THEMES, colours, contrast

GROUNDS = ("canvas", "surface", "surface-raised", "surface-sunken", "surface-hover")
SOFT = ("accent-soft", "brass-soft", "danger-soft", "good-soft")
WORDS = [
    *((word, ground) for word in ("text", "text-muted", "accent", "brass", "danger", "good") for ground in GROUNDS),
    *(("text", soft) for soft in SOFT),
    *((soft.removesuffix("-soft"), soft) for soft in SOFT),
    ("accent", "danger-soft"),  # a link in the error summary
    ("text-muted", "brass-soft"),  # the name of a revealed field
    ("text-faint", "control-ground"),  # a placeholder
    ("text-faint", "surface"),
    ("on-accent", "accent-solid"),
    ("on-accent", "accent-solid-hover"),
    ("on-danger", "danger-solid"),
    ("on-danger", "danger-solid-hover"),
    ("ink-text", "ink"),
    ("ink-text", "ink-raised"),
    ("ink-muted", "ink"),
    ("ink-muted", "ink-raised"),
    *(("on-avatar", f"avatar-{number}") for number in range(1, 7)),
]
SHAPES = [
    *(("control-line", ground) for ground in ("canvas", "surface", "surface-raised", "control-ground")),
    *(("focus", ground) for ground in GROUNDS),
    ("accent-solid", "surface"),  # a primary button, the chosen step
    ("danger-solid", "surface"),
    ("brass-bright", "surface"),  # the countdown
    ("ink-brass", "ink"),  # the mark of the current page, and the focus ring there
    ("ink-brass", "ink-raised"),
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("more", [False, True], ids=["", "more-contrast"])
@pytest.mark.parametrize(("word", "ground"), WORDS)
def test_it_sets_words_at_four_and_a_half_to_one(word: str, ground: str, theme: str, more: bool) -> None:
    tokens = colours(theme, more_contrast=more)
    assert contrast(tokens[word], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_it_draws_what_must_be_seen_at_three_to_one(shape: str, ground: str, theme: str) -> None:
    tokens = colours(theme)
    assert contrast(tokens[shape], tokens[ground]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_it_reaches_seven_to_one_for_those_who_ask_for_more_contrast(theme: str) -> None:
    tokens = colours(theme, more_contrast=True)
    assert min(contrast(tokens[word], tokens[ground]) for word in ("text", "text-muted") for ground in GROUNDS) >= 7


def test_it_measures_contrast_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
