"""What goes wrong with sealed rows."""

from django.db.models import Model


class SealBypassed(TypeError):
    """A statement would change rows that grant authority without their seals. Names the way to do it."""

    def __init__(self, model: type[Model], what: str, instead: str) -> None:
        super().__init__(f"{model.__name__} rows are sealed: {what} would go around their seals. {instead}")


class SealBroken(RuntimeError):
    """A row is not what this program last wrote, and was to be opened, or changed, which would make it genuine.

    ``fault``: what is wrong (``vault.seals.verification.Fault``). The message names the row and no value of it.
    """

    def __init__(self, kind: str, row: str, fault: str) -> None:
        self.kind = kind
        self.row = row
        self.fault = fault
        super().__init__(
            f"The row {row} of {kind} is not as this program wrote it ({fault}), so it is neither opened nor changed. "
            "Run `manage.py access verify`; `manage.py access seal` takes a row over as it is, once you know why."
        )
