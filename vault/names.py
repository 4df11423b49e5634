"""One normalizer for everything that people name, so that no two doors disagree about what a name is.

`clean_name` decides what may be stored, `fold_name` when two names are the same, `safe_label` what may be logged,
`safe_text` what may be shown on a terminal. All are idempotent: what went through once comes out of a second pass
unchanged (CVE-2025-5999 was a policy name that did not).
"""

import unicodedata

from django.core.exceptions import ValidationError

_JOINERS = frozenset("\u200c\u200d")
"""Zero-width (non-)joiner: the only invisible characters in use, by Persian and Indic scripts and by emoji."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that show nothing although Unicode counts them as letters, marks or symbols."""
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_LINE_BREAKS = frozenset("\n\t")
_FOLDS = 4
"""Folding settles after two rounds for all of Unicode; more would be a defect that the tests find."""


def _is_noncharacter(character: str) -> bool:
    """Code points that Unicode reserves for ever (Unicode 15, §23.7)."""
    point = ord(character)
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE


def _is_refused(character: str) -> bool:
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _BLANK or _is_noncharacter(character)


def _described(character: str) -> str:
    """How a message names a character that cannot be shown: its code point and, if it has one, its Unicode name."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}{f' ({name})' if name else ''}"


def _refuse_invisible(text: str, field: str, *, allowed: frozenset[str] = frozenset()) -> None:
    for character in text:
        if character not in allowed and _is_refused(character):
            raise ValidationError(
                f"{field} contains the character {_described(character)}, which cannot be seen. "
                "Remove it, or type the text again instead of pasting it.",
                code="invisible",
            )


def _refuse_long(text: str, field: str, max_length: int) -> None:
    if len(text) > max_length:
        raise ValidationError(
            f"{field} may have at most {max_length:,} characters; this one has {len(text):,}. Shorten it.",
            code="max_length",
        )


def clean_name(value: str, *, field: str = "Name", max_length: int = 100) -> str:
    """The form in which a name is stored: NFC, on one line, without outer, doubled or exotic white space.

    Raises `ValidationError` naming `field` and the remedy: nothing visible in it, longer than `max_length` code
    points, or with a character that cannot be seen (control, bidirectional override, zero width, private use,
    surrogate, noncharacter), with which one name could pass for another.
    """
    if len(value) > 8 * max_length:  # NFC never shortens that much: refused before any work is put into it
        _refuse_long(value, field, max_length)
    normalized = unicodedata.normalize("NFC", value)
    _refuse_invisible(normalized.strip(), field)
    name = " ".join(normalized.split())
    if not any(character not in _JOINERS and not character.isspace() for character in name):
        raise ValidationError(f"{field} is empty. Enter at least one letter or digit.", code="required")
    _refuse_long(name, field, max_length)
    return name


def clean_text(value: str, *, field: str, max_length: int, multiline: bool = False) -> str:
    """The form in which a description is stored: may be empty, and has line breaks (as LF) only if `multiline`.

    Raises `ValidationError` as `clean_name` does.
    """
    if len(value) > 8 * max_length:
        _refuse_long(value, field, max_length)
    normalized = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not multiline:
        normalized = " ".join(normalized.split())
    _refuse_invisible(normalized, field, allowed=_LINE_BREAKS if multiline else frozenset())
    _refuse_long(normalized, field, max_length)
    return normalized


def fold_name(name: str) -> str:
    """The key under which a name is unique, ordered and searched.

    NFKC and case folding (full-width and styled letters, ligatures and case make no difference), without the joiners
    and variation selectors that change nothing a reader could name.
    """
    folded = name
    for _ in range(_FOLDS):
        kept = "".join(c for c in folded if c not in _JOINERS and not 0xFE00 <= ord(c) <= 0xFE0F)
        again = " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold()).split())
        if again == folded:
            break
        folded = again
    return folded


def safe_label(text: str, *, max_length: int = 200) -> str:
    """`text` for a log or an event: never refused, on one line, its invisible characters replaced, cut to length.

    Nobody who chooses a name can forge a line, hide a part of it or turn it around.
    """
    shown = "".join("\ufffd" if _is_refused(c) else c for c in text[: 8 * max_length])
    shown = " ".join(unicodedata.normalize("NFC", shown).split())
    return shown if len(shown) <= max_length else shown[: max_length - 1].rstrip() + "…"


def safe_text(text: str) -> str:
    """The same for several lines on a terminal, uncut: whoever chooses a name cannot drive the terminal with it."""
    return "".join("\ufffd" if c != "\n" and _is_refused(c) else c for c in text)
