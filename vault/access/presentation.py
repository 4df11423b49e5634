"""What pages and mails say about times and permissions."""

from django.utils.translation import ngettext

from orgs.permissions import Permission

DURATIONS = (60, 4 * 60, 8 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 14 * 24 * 60, 30 * 24 * 60, 90 * 24 * 60)
"""Minutes that forms offer."""

WORDS = {
    Permission.SECRET_LIST: "see names",
    Permission.SECRET_REVEAL: "open values",
    Permission.SECRET_WRITE: "add and change",
    Permission.SECRET_DELETE: "move to the trash",
}
"""What the permissions of the usual roles are called here."""


def lasting(minutes: int) -> str:
    """A time in the largest units that fit exactly: 1440 is "1 day", 90 is "1 hour 30 minutes"."""
    parts = []
    for unit, singular, plural in (
        (24 * 60, "%(n)d day", "%(n)d days"),
        (60, "%(n)d hour", "%(n)d hours"),
        (1, "%(n)d minute", "%(n)d minutes"),
    ):
        number, minutes = divmod(minutes, unit)
        if number:
            parts.append(ngettext(singular, plural, number) % {"n": number})
    return " ".join(parts) or "0 minutes"


def durations_up_to(longest: int) -> list[tuple[int, str]]:
    """What a form offers: the usual times below `longest`, and `longest` itself."""
    found = [each for each in DURATIONS if each < longest]
    return [(each, lasting(each)) for each in (*found, longest)]
