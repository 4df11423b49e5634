"""What can be wrong with an act on keys that was allowed. Every message says what to do next and shows no key."""

from http import HTTPStatus


class CustodyError(Exception):
    """Base of the refusals below; `str(error)` is the sentence for the person, `field` the form field it is about,
    `status` the HTTP status of an answer that is no form."""

    field: str | None = None
    status = HTTPStatus.CONFLICT


class OperationUnderWay(CustodyError):
    """The rows of one scope and purpose are moved by one operation at a time."""


class ConfirmationMismatch(CustodyError):
    """What cannot be undone asks for a text, typed exactly."""

    field = "confirmation"


class KeyRefused(CustodyError):
    """The key is not in a state in which this can be done, or rows still need it."""


class RootKeyRefused(CustodyError):
    """The root key cannot be rotated as things are; the message says what to configure or to wait for."""


class ShareRefused(CustodyError):
    """A text is not a share, or not one of a set that is known. Names the number of a wrong word, never the word."""

    field = "words"


class ShredRefused(CustodyError):
    """Shredding needs two active owners, a day, and a typed name."""

    field = "confirmation"


class KeysDestroyed(CustodyError):
    """The organization's keys were destroyed on purpose: nothing of it can be read or written again."""

    status = HTTPStatus.GONE
