"""The statements that something sends to the database, for tests that count them."""

from django.test.utils import CaptureQueriesContext

_LOOK_FOR_KEYS = "keys_keygeneration"


class Statements(CaptureQueriesContext):
    """Django's, without the look for newer keys, which a process takes once in a while, whatever it is doing."""

    @property
    def captured_queries(self) -> list[dict[str, str]]:
        return [each for each in super().captured_queries if _LOOK_FOR_KEYS not in each["sql"]]
