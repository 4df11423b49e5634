"""Which paths lead to some secrets and to no others. Pure."""

from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError

from orgs.places import clean_path, is_within


def covering_paths(wanted: Collection[str], every: Iterable[str]) -> list[str]:
    """The fewest paths of an environment that hold all the `wanted` names and none of the others, in order; the empty
    path is the whole environment.

    Where no path can tell them apart, because a wanted name is the beginning of others or cannot be a path, the
    narrowest that holds it. `every`: all names of the environment.
    """
    found = list(_covering("", set(wanted), sorted({*every, *wanted})))
    return sorted(path for path in found if not any(other != path and is_within(other, path) for other in found))


def _covering(path: str, wanted: Collection[str], names: list[str]) -> Iterable[str]:
    """`names`: those that lie within `path`."""
    inside = [name for name in names if name in wanted]
    if not inside:
        return
    if len(inside) == len(names) or path in wanted:
        yield path
        return
    below: dict[str, list[str]] = {}
    for name in names:
        rest = name[len(path) + 1 :] if path else name
        head, _, _ = rest.partition("/")
        below.setdefault(f"{path}/{head}" if path else head, []).append(name)
    for child, within in below.items():
        if not any(name in wanted for name in within):
            continue
        if _is_path(child):
            yield from _covering(child, wanted, within)
        else:
            yield path


def _is_path(text: str) -> bool:
    try:
        return clean_path(text) == text
    except ValidationError:
        return False
