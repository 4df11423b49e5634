"""What an observer can compare of an answer."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpResponse

from tests.invariants.matrix.stage import Ids, Stage
from tests.statements import Statements

_TOKEN = r'name="csrfmiddlewaretoken" value="[^"]+"'


@dataclass(frozen=True)
class Answer:
    """Status, page and address to go on at, without the id of this very request, its form token, and the ids that were
    asked about, which are the asker's own input. `statements`: how many the database was asked."""

    status: int
    text: str
    location: str
    statements: int


def answer(
    stage: Stage, who: str, method: str, path: str, *asked_about: Ids, body: dict[str, Any] | None = None
) -> Answer:
    """Of one request, after which nothing has happened."""
    ids = {str(uid) for each in asked_about for uid in vars(each).values()}
    with stage.apart(), Statements(connection) as asked:
        response = stage.ask(who, method, path, body)
    return Answer(
        response.status_code,
        _text(response, ids),
        _without(response.headers.get("Location", ""), ids),
        len(asked),
    )


def _text(response: HttpResponse, ids: set[str]) -> str:
    text = response.content.decode()
    return _without(re.sub(_TOKEN, "", text.replace(response.headers["X-Correlation-ID"], "")), ids)


def _without(text: str, ids: set[str]) -> str:
    for uid in ids:
        text = text.replace(uid, "UID")
    return text
