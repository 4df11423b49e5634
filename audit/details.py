"""What else an event may say: a closed list of keys, each for a name, a number or a word of a vocabulary.

There is no key for what a person keeps secret, and one that is not listed is refused: the log can be read by people
who may not read a value, and it can never be corrected.
"""

import re
from collections.abc import Iterable, Mapping

from audit.canonical import Json
from vault.names import safe_label

KEYS = frozenset(
    {
        "added",  # how many
        "again",  # whether a review of the time before is owed
        "approvals",  # how many
        "because",  # what decided about access, in words
        "by",  # what a limit counts: address, pair, account
        "changed",  # how many
        "changed_fields",  # names of fields
        "checked",  # how many values
        "classification",  # a word: of what was opened, of a grant
        "confirmed",  # how many lines of a review
        "conflicts",  # how many
        "count",
        "days",
        "description_changed",  # whether
        "devices",  # how many
        "door",  # the limiter's door
        "due_at",  # a time, ISO 8601
        "email",  # an address that was invited or tried
        "environment",  # a name
        "environment_id",  # a uid
        "equal",  # how many
        "expires_at",  # a time, ISO 8601
        "failed",  # how many values do not open
        "field",  # the name of a field
        "fields",  # names of fields
        "file_name",
        "forced",  # whether a refusal was overruled
        "from",  # a name, role or setting before
        "gone",  # how many lines of a review
        "grant",  # its uid
        "grants",  # how many
        "hidden",  # how many
        "index",  # which share
        "invalid",  # how many
        "justification",  # why somebody says that they open a value, or change what is demanded
        "keys",  # how many
        "kind",  # a word: of secret, project, …
        "left",  # whether somebody went by himself
        "limit",  # how many
        "lines",  # how many, of a review
        "members",  # how many
        "method",  # a word: of signing in, of a second factor
        "minutes",  # how long
        "missing",  # how many
        "model",  # the name of a table that support looked at
        "name",
        "names",
        "needed",  # how many
        "new",  # how many
        "number",  # of a version
        "operation",  # the uid of work on keys
        "page",
        "parent",  # the name of a team
        "parent_id",  # a uid
        "path",  # the first parts of names
        "permission",
        "permissions",  # names
        "project",  # a name
        "project_id",  # a uid
        "purpose",  # a word: of a key, of a reveal
        "query",  # what support searched for
        "reason",  # a word that says why something was refused
        "remaining",  # how many
        "removed",  # how many
        "replaced",  # whether an earlier one lost its force
        "report",  # the uid of a signed report
        "request",  # its uid
        "review",  # its uid
        "restored_from",  # the number of a version
        "results",  # how many
        "retry_after",  # seconds
        "revoked",  # how many lines of a review
        "role",
        "role_id",  # a uid
        "root_key",  # a fingerprint
        "scope",  # of a key or a grant
        "seconds",
        "sessions_ended",  # how many
        "setting",  # its name
        "shares",  # how many a root key was split into
        "since",  # a time, ISO 8601
        "source",  # a word: of an import
        "starts_at",  # a time, ISO 8601
        "subject",  # a name
        "subject_id",  # a uid
        "subject_kind",  # a word
        "subjects",  # uids
        "tags_changed",  # whether
        "teams",  # how many
        "threshold",  # how many shares rebuild a root key
        "to",  # a name, role or setting after
        "unchanged",  # how many
        "updated",  # how many
        "verdict",  # a word: of a review
        "version",
        "visible",  # whether the one who was refused may know that the thing exists
    }
)
MAX_TEXT = 254
MAX_ITEMS = 1000
_SECRET_BEARING = re.compile(r"value|password|passphrase|token|secret|private|plain|payload|content|otp|seed|cookie")


class UnknownDetail(ValueError):
    """A key that no event may have. The message names the key and never what was under it."""

    def __init__(self, key: object) -> None:
        named = safe_label(str(key), max_length=40)
        if _SECRET_BEARING.search(named.lower()):
            super().__init__(f"An event has no detail {named!r}: what people keep secret never goes into the log.")
        else:
            super().__init__(f"An event has no detail {named!r}: list it in audit.details if it is a name or a number.")


class UnfitDetail(ValueError):
    """A detail is not a text, a whole number, a boolean, nothing, or a list of texts. Names the key and the type."""

    def __init__(self, key: str, found: object) -> None:
        super().__init__(
            f"The detail {key!r} is a {type(found).__name__}; texts, whole numbers, booleans and lists of texts fit."
        )


def checked_details(details: Mapping[str, object] | None) -> dict[str, Json]:
    """The details as they are stored: texts on one line, cleaned and cut. Raises UnknownDetail, UnfitDetail."""
    checked: dict[str, Json] = {}
    for key, found in (details or {}).items():
        if key not in KEYS:
            raise UnknownDetail(key)
        checked[key] = _fitting(key, found)
    return checked


def _fitting(key: str, found: object) -> Json:
    if found is None or isinstance(found, bool):
        return found
    if isinstance(found, int):
        return int(found)
    if isinstance(found, str):
        return safe_label(found, max_length=MAX_TEXT)
    if isinstance(found, Iterable) and not isinstance(found, bytes | bytearray | memoryview | Mapping):
        texts = list(found)
        if not all(isinstance(text, str) for text in texts):
            raise UnfitDetail(key, found)
        return [safe_label(text, max_length=MAX_TEXT) for text in texts[:MAX_ITEMS]]
    raise UnfitDetail(key, found)
