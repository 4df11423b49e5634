"""What can be wrong with an act that was allowed. Every message says what to do next and shows no value."""

from http import HTTPStatus


class AccessError(Exception):
    """Base of the refusals below; `str(error)` is the sentence for the person, `field` the form field it is about,
    `status` the HTTP status of an answer that is no form."""

    field: str | None = None
    status = HTTPStatus.CONFLICT

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        if field is not None:
            self.field = field


class InvalidRequest(AccessError):
    """What is asked for cannot be given as it is: too long, already held, asked for before."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class RequestClosed(AccessError):
    """The request was answered, withdrawn or has expired, or what it is about is gone."""


class AlreadyApproved(AccessError):
    """Nobody counts twice."""


class InvalidNaming(AccessError):
    """The person or the project cannot be named for break-glass."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class PlanChanged(AccessError):
    """Something else would be left behind by now than what was shown."""

    def __init__(self) -> None:
        super().__init__("Something else would be left behind now. This is how things are; look at it once more.")


class LeftBehind(AccessError):
    """Secrets that only owners and admins would reach, or nobody, and nobody has said that this is meant."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "confirmation"

    def __init__(self, number: int, typed: str) -> None:
        self.number = number
        secrets = "1 secret is" if number == 1 else f"{number:,} secrets are"
        super().__init__(f"{secrets} not handed over. Choose who gets them, or type {typed} to leave them as they are.")


class InvalidHandover(AccessError):
    """What cannot be handed over, or not to that one."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class GlassHeld(AccessError):
    """The glass cannot be broken now, or not without saying so once more."""


class ReviewClosed(AccessError):
    """A review is given once."""


class InvalidReview(AccessError):
    """A campaign cannot begin like this, or a line cannot be decided like this."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class LineDecided(AccessError):
    """A line is decided once."""


class LineChanged(AccessError):
    """What a line is about is no longer what the person who decides has seen."""


class NotTogether(AccessError):
    """Among the lines to confirm at once is one that has to be decided by itself."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class CampaignClosed(AccessError):
    """The campaign is closed, or cannot be closed yet."""
