"""What somebody does who looks at what would change, and confirms it."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client


def confirmed(client: Client, path: str, data: dict[str, Any]) -> HttpResponse:
    """Posts a form, looks at what would change, and confirms it."""
    shown = client.post(path, data)
    assert shown.status_code == 200, shown.content.decode()[:2000]
    digest = re.search(r'name="reviewed" value="([0-9a-f]+)"', shown.content.decode())
    assert digest
    return client.post(path, {**data, "reviewed": digest[1]})  # type: ignore[return-value]  # as Django's client says
