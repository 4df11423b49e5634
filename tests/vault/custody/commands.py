"""Running `manage.py keys` inside a test."""

import json
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command


def keys(*words: str) -> dict[str, Any]:
    """The JSON document of a subcommand that does what it should."""
    document, code = keys_with_code(*words)
    assert code == 0, document
    return document


def keys_with_code(*words: str) -> tuple[dict[str, Any], int]:
    """The JSON document of a subcommand, and its exit code."""
    out = StringIO()
    code = 0
    try:
        call_command("keys", *words, "--json", stdout=out, stderr=StringIO())
    except CommandError as error:
        code = error.returncode
    (line,) = out.getvalue().splitlines()
    return json.loads(line), code


def spoken(*words: str) -> str:
    """What a subcommand says to people."""
    out = StringIO()
    call_command("keys", *words, stdout=out, stderr=StringIO())
    return out.getvalue()
