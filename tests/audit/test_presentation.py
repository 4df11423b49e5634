"""An event in plain words."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone

from audit.actions import Action, ActorKind, Outcome, ResourceKind, Risk
from audit.activity import activity_page
from audit.browsers import browser_of
from audit.models import Event
from audit.presentation import WORDS, sentence_of
from vault.templatetags.holdfast import icon_names


def event(action: Action, **fields: Any) -> Event:
    """An event that is stored nowhere."""
    return Event(
        **{
            "action": action,
            "outcome": "success",
            "risk": "low",
            "actor_kind": "person",
            "actor_id": "bob",
            "actor_label": "bob@example.com",
            "resource_kind": "secret",
            "resource_id": str(uuid4()),
            "resource_label": "DB_PASSWORD",
            "occurred_at": timezone.now(),
            "details": {},
        }
        | fields
    )


@pytest.mark.parametrize("action", Action)
def test_it_has_words_and_an_icon_for_every_action(action: Action) -> None:
    sentence = sentence_of(event(action))
    assert sentence.icon in icon_names()
    assert str(sentence).startswith("bob@example.com ")
    assert not re.search(r"  |_|\.$|None|\bsecret\.|\{|\}", str(sentence).replace("DB_PASSWORD", "it"))


def test_it_has_no_words_for_what_cannot_happen() -> None:
    assert set(WORDS) == set(Action)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            event(Action.SECRET_REVEALED, details={"fields": ["password"], "version": 3}),
            "bob@example.com revealed DB_PASSWORD (password)",
        ),
        (
            event(Action.MEMBERSHIP_ROLE_CHANGED, resource_kind="membership", resource_label="vera@example.com",
                  details={"from": "viewer", "to": "member"}),
            "bob@example.com changed the role of vera@example.com from “viewer” to “member”",
        ),
        (
            event(Action.MEMBERSHIP_REMOVED, resource_kind="membership", resource_label="bob@example.com",
                  details={"role": "member", "left": True}),
            "bob@example.com left the organization as member",
        ),
        (
            event(Action.ACCESS_DENIED, outcome="denied", details={"permission": "secret:reveal"}),
            "bob@example.com was refused access to DB_PASSWORD (secret:reveal)",
        ),
        (
            event(Action.SIGN_IN_FAILED, actor_kind=ActorKind.ANONYMOUS, actor_id="", actor_label="bob@example.com",
                  resource_kind="", resource_label=""),
            "Somebody (as bob@example.com) could not sign in",
        ),
        (
            event(Action.ACCOUNT_PASSWORD_CHANGED, resource_kind="account", resource_id="bob",
                  resource_label="bob@example.com", details={"sessions_ended": 2}),
            "bob@example.com changed the password of their own account (2 sessions ended)",
        ),
        (event(Action.SECRETS_COMPARED, details={"names": [str(n) for n in range(40)]}, resource_label="Production"),
         "bob@example.com compared a .env file with the values in Production (40 names)"),
        (event(Action.SECRET_TRASHED, resource_label=""), "bob@example.com moved to the trash a secret"),
    ],
)  # fmt: skip
def test_it_says_what_happened(given: Event, said: str) -> None:
    assert str(sentence_of(given)) == said


def test_it_stands_out_when_it_deserves_attention() -> None:
    assert sentence_of(event(Action.SIGN_OUT)).tone == ""
    assert sentence_of(event(Action.SIGN_OUT, risk=Risk.HIGH)).tone == "warning"
    assert sentence_of(event(Action.ACCESS_DENIED, outcome=Outcome.DENIED)).tone == "warning"
    assert sentence_of(event(Action.LIMITER_TRIPPED, outcome=Outcome.DENIED, risk=Risk.HIGH)).tone == "danger"


@pytest.mark.parametrize("kind", [*ResourceKind, ""])
def test_it_copes_with_every_kind_and_odd_details(kind: str) -> None:
    for details in ({}, {"fields": "password", "names": None, "reason": "", "role": None}, {"fields": [1, None]}):
        assert str(sentence_of(event(Action.SECRET_REVEALED, resource_kind=kind, details=details)))


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5", "curl"),
        ("", ""),
        ("<script>", ""),
    ],
)
def test_it_reads_a_browser_from_its_user_agent(agent: str, said: str) -> None:
    assert browser_of(agent) == said


@pytest.mark.django_db
def test_it_renders_without_letting_a_name_become_markup() -> None:
    payload = '<img src=x onerror="alert(1)">'
    sentence = sentence_of(
        event(
            Action.SECRET_REVEALED,
            actor_label=payload,
            resource_label=payload,
            user_agent=payload,
            details={"fields": [payload], "name": payload},
        )
    )
    page = render_to_string("audit/_timeline.html", {"events": [sentence]})
    assert "<img" not in page
    assert page.count("&lt;img") >= 5


@pytest.mark.django_db
def test_it_gives_a_page_its_filters_and_the_addresses_beside_it() -> None:
    context = activity_page(
        QueryDict("group=opened&since=2026-13-01&actor=b"), lambda filters: Event.objects.order_by("-id")
    )
    assert context["filters"].filters.actor == "b"
    assert context["filters"].errors["since"]
    assert (context["older_url"], context["newer_url"], context["events"]) == ("", "", [])
    assert "Nothing matches" in render_to_string("audit/_timeline.html", context)
    assert "Enter a valid date" in render_to_string("audit/_filters.html", context)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["group=nope&outcome=maybe", "since=2026-02-01&until=2026-01-01", "actor=" + "x" * 500]
)
def test_it_names_a_filter_that_makes_no_sense_and_shows_the_rest(query: str) -> None:
    context = activity_page(QueryDict(query), lambda filters: Event.objects.order_by("-id"))
    assert context["filters"].errors
    assert not context["filtered"]
