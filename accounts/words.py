"""Durations in words."""


def in_words(seconds: int) -> str:
    """A waiting time as people say it: `40 seconds`, `1 minute`, `12 hours`; rounded up, never shorter than it is."""
    if seconds < 60:
        number, unit = seconds, "second"
    elif seconds < 2 * 3600:
        number, unit = -(-seconds // 60), "minute"
    else:
        number, unit = -(-seconds // 3600), "hour"
    return f"{number} {unit}{'' if number == 1 else 's'}"
