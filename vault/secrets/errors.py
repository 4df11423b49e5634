"""What can be wrong with a request that was allowed. Every message says what to do next and shows no value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus


class SecretError(Exception):
    """Base of the refusals below; `str(error)` is the sentence for the person, `field` the form field it is about,
    `status` the HTTP status of an answer that is no form."""

    field: str | None = None
    status = HTTPStatus.CONFLICT


class NameTaken(SecretError):
    """Names are unique among the live secrets of an environment, letter by letter: `Path` and `PATH` are two names."""

    field = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a secret named {name} here already. Choose another name, or edit that one.")
        self.name = name


class TooManyTags(SecretError):
    """Tags are for finding; whoever has dozens of them on one secret finds nothing."""

    field = "tags"


class UnknownField(SecretError):
    """A field was asked for that the kind does not have, or that is not shown this way."""

    status = HTTPStatus.BAD_REQUEST


class UnknownVersion(SecretError):
    """The secret has no version of this number."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("This version does not exist. Choose one from the list of versions.")


class InTrash(SecretError):
    """What is in the trash is neither opened nor changed."""

    def __init__(self) -> None:
        super().__init__("This secret is in the trash. Restore it first.")


class NotInTrash(SecretError):
    """Only what is in the trash can be restored or purged."""

    def __init__(self) -> None:
        super().__init__("This secret is not in the trash. Nothing was changed.")


class ConfirmationMismatch(SecretError):
    """Destroying for good asks for the name, typed."""

    field = "confirmation"

    def __init__(self) -> None:
        super().__init__("This is not the name of the secret. Type it exactly as it is shown.")


class NoCodeKey(SecretError):
    """A login without a one-time code key has no codes."""

    def __init__(self) -> None:
        super().__init__("This secret has no one-time code key. Edit it to add one.")


@dataclass(frozen=True, slots=True)
class Change:
    """One version that somebody saved meanwhile: its number, who and when, and the labels of what changed."""

    number: int
    author: str
    at: datetime
    fields: Sequence[str]


class Conflict(SecretError):
    """Somebody saved a newer version since this one was opened. Nothing was overwritten.

    `current` is the number that an edit must be based on now; `changes` what came in between, the oldest first.
    """

    def __init__(self, current: int, changes: Sequence[Change]) -> None:
        super().__init__("Somebody saved a newer version while you were editing. Nothing was overwritten.")
        self.current = current
        self.changes = changes


class EvidenceNeeded(SecretError):
    """The policy of the class asks for more than being allowed: a proof of who one is, a reason, or both.

    `step_up`, `reason`: which of them to ask for, in order to do the `act`. Nothing was done.
    """

    status = HTTPStatus.FORBIDDEN

    def __init__(self, *, step_up: bool, reason: bool, act: str = "open this") -> None:
        wanted = " and ".join(
            words for words, asked in (("prove that it is you", step_up), ("give a reason", reason)) if asked
        )
        super().__init__(f"To {act}, {wanted}.")
        self.step_up = step_up
        self.reason = reason


class ReasonRefused(SecretError):
    """The reason cannot be kept in the log as it is. The message never repeats it."""

    field = "reason"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class PreviewOutdated(SecretError):
    """What an import would do is no longer what was shown."""

    def __init__(self) -> None:
        super().__init__("Something changed here since the preview. Look at the new preview, then import again.")


class LinesNotImportable(SecretError):
    """Some lines cannot be imported, and nobody has said to leave them out."""

    field = "accept_invalid"

    def __init__(self, number: int) -> None:
        lines = "1 line cannot" if number == 1 else f"{number} lines cannot"
        super().__init__(f"{lines} be imported. Mend the text, or tick the box to import the valid lines only.")


class NothingToImport(SecretError):
    """The text has no line that can be imported."""

    field = "text"

    def __init__(self) -> None:
        super().__init__("There is nothing to import here. Paste lines of the form NAME=value.")
