"""What is asked for before a value is shown: on a page, to the script, in the form for editing, before an import."""

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.limiter import CODE
from accounts.models import User
from audit.actions import Action
from audit.models import Event
from orgs.classification import Classification
from orgs.models import ClassPolicy, Environment
from tests.accounts.doors import code_of, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of
from tests.sealing import change, tamper
from tests.vault.secrets.classified import approved_grant, classify, demand
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.pages import JSON
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret

ClientFor = Callable[..., Client]
CANARY = "INC-4711-canary"


def url(secret: Secret, name: str = "reveal") -> str:
    return reverse(f"secrets:{name}", args=[secret.pk])


@pytest.fixture
def critical(cast: Cast, secret: Secret) -> Secret:
    """A critical secret under the policy that an organization begins with: a proof, a reason, fifteen seconds."""
    classify(secret, Classification.CRITICAL)
    return secret


def answers(person: User, **others: str) -> dict[str, str]:
    return {"code": code_of(authenticator_of(person)), "reason": CANARY, **others}


def test_it_asks_on_a_page_and_then_shows_the_value_for_the_policys_time(
    cast: Cast, client_for: ClientFor, critical: Secret
) -> None:
    client = client_for(cast.bob)
    asked = client.post(url(critical), {"field": "value"})
    page = asked.content.decode()
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert "To open this, prove that it is you and give a reason." in page
    assert '<input type="hidden" name="field" value="value">' in page
    assert 'name="code"' in page
    assert 'name="reason"' in page
    assert "sk_live" not in page
    assert "Refresh" not in asked
    shown = client.post(url(critical), {"field": "value", **answers(cast.bob)})
    assert '<code class="revealed">sk_live_canary</code>' in shown.content.decode()
    assert shown["Refresh"] == f"15; url={url(critical, 'detail')}"
    event = Event.objects.latest("id")
    assert (event.details["justification"], event.details["method"]) == (CANARY, "authenticator")


def test_it_tells_the_script_what_to_ask_and_for_how_long_to_show(
    cast: Cast, client_for: ClientFor, critical: Secret
) -> None:
    client = client_for(cast.bob)
    asked = client.post(url(critical), {"field": "value"}, headers=JSON)
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert asked.json()["asks"] == {"step_up": True, "reason": True}
    poor = client.post(url(critical), {"field": "value", "code": "", "reason": ""}, headers=JSON)
    assert poor.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert set(poor.json()["errors"]) == {"code", "reason"}
    shown = client.post(url(critical), {"field": "value", **answers(cast.bob)}, headers=JSON).json()
    assert (shown["seconds"], shown["fields"][0]["value"]) == (15, "sk_live_canary")


def test_it_asks_for_the_reason_alone_while_the_proof_holds_and_for_both_after_it(
    cast: Cast, client_for: ClientFor, critical: Secret
) -> None:
    client = client_for(cast.bob)
    client.post(url(critical), answers(cast.bob), headers=JSON)
    assert client.post(url(critical), headers=JSON).json()["asks"] == {"step_up": False, "reason": True}
    assert client.post(url(critical), {"reason": "again"}, headers=JSON).status_code == HTTPStatus.OK
    with time_machine.travel(time.time() + 5 * 60):
        asked = client.post(url(critical), {"reason": "again"}, headers=JSON)
        assert asked.json()["asks"] == {"step_up": True, "reason": True}


def test_it_asks_for_the_password_of_whoever_has_no_authenticator(
    cast: Cast, client_for: ClientFor, critical: Secret
) -> None:
    from accounts.models import Instance

    change(Instance, second_factor_required=False)
    client = client_for(cast.bob, verified=False)
    page = client.post(url(critical)).content.decode()
    assert 'name="password"' in page
    assert 'name="code"' not in page
    wrong = client.post(url(critical), {"password": "not this one", "reason": CANARY}, headers=JSON)
    assert set(wrong.json()["errors"]) == {"password"}
    shown = client.post(url(critical), {"password": PASSWORD, "reason": CANARY}, headers=JSON)
    assert shown.status_code == HTTPStatus.OK


def test_a_wrong_code_is_counted_and_opens_nothing(cast: Cast, client_for: ClientFor, critical: Secret) -> None:
    client, wrong = client_for(cast.bob), wrong_code(authenticator_of(cast.bob))
    for _ in range(CODE.pair.count):
        answer = client.post(url(critical), {"code": wrong, "reason": CANARY}, headers=JSON)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert set(answer.json()["errors"]) == {"code"}
    stopped = client.post(url(critical), answers(cast.bob), headers=JSON)
    assert stopped.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert not Event.objects.filter(action=Action.SECRET_REVEALED).exists()


def test_a_bad_reason_uses_up_no_code(cast: Cast, client_for: ClientFor, critical: Secret) -> None:
    client, given = client_for(cast.bob), answers(cast.bob)
    for reason in ("x" * 201, "a\u202eb", "   "):
        refused = client.post(url(critical), {**given, "reason": reason}, headers=JSON)
        assert set(refused.json()["errors"]) == {"reason"}
    assert client.post(url(critical), given, headers=JSON).status_code == HTTPStatus.OK


def test_a_proof_in_one_browser_opens_nothing_in_another(cast: Cast, client_for: ClientFor, critical: Secret) -> None:
    here, there = client_for(cast.bob), client_for(cast.bob)
    assert here.post(url(critical), answers(cast.bob), headers=JSON).status_code == HTTPStatus.OK
    assert there.post(url(critical), {"reason": CANARY}, headers=JSON).json()["asks"]["step_up"] is True
    assert client_for(cast.alice).post(url(critical), {"reason": CANARY}, headers=JSON).json()["asks"]["step_up"]


@pytest.mark.parametrize(
    "forged",
    [
        {"step_up": "1"}, {"proof": "authenticator"}, {"asks": "{}"}, {"proved": "on"}, {"at": "9999999999"},
        {"code": ["", "000000"]}, {"code": ""}, {"password": PASSWORD}, {"classification": "internal"},
        {"method": "authenticator", "person": "x", "session": "x"},
    ],
)  # fmt: skip
def test_no_field_of_a_form_is_a_proof(
    cast: Cast, client_for: ClientFor, critical: Secret, forged: dict[str, Any]
) -> None:
    answer = client_for(cast.bob).post(url(critical), {"reason": CANARY, **forged}, headers=JSON)
    assert answer.status_code in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)
    assert "sk_live" not in answer.content.decode()


@pytest.mark.parametrize("fields", [["value", "value"], ["value", "nothing"], [""]])
def test_it_reads_fields_sent_twice_as_before(
    cast: Cast, client_for: ClientFor, critical: Secret, fields: list[str]
) -> None:
    answer = client_for(cast.bob).post(url(critical), {"field": fields, **answers(cast.bob)}, headers=JSON)
    expected = HTTPStatus.OK if fields == ["value", "value"] else HTTPStatus.BAD_REQUEST
    assert answer.status_code == expected


def test_a_class_that_was_raised_after_the_page_was_opened_asks(
    cast: Cast, client_for: ClientFor, secret: Secret
) -> None:
    client = client_for(cast.bob)
    assert "<template data-opening>" in client.get(url(secret, "detail")).content.decode()
    classify(secret.environment, Classification.SENSITIVE)
    assert client.post(url(secret), headers=JSON).json()["asks"] == {"step_up": True, "reason": False}


def test_it_asks_before_a_copy_a_code_and_a_download(
    cast: Cast, client_for: ClientFor, login: Secret, store: StoreSecret, passwords: Environment
) -> None:
    file = store("File", kind=Kind.FILE, environment=passwords, values={"filename": "a.bin", "content": "AAEC"})
    classify(passwords, Classification.CRITICAL)
    client = client_for(cast.bob)
    assert client.post(url(login), {"purpose": "copy"}, headers=JSON).status_code == HTTPStatus.FORBIDDEN
    assert client.post(url(login, "code"), headers=JSON).status_code == HTTPStatus.FORBIDDEN
    page = client.post(url(file, "download"), {"version": "1"})
    assert page.status_code == HTTPStatus.FORBIDDEN
    assert '<input type="hidden" name="version" value="1">' in page.content.decode()
    downloaded = client.post(url(file, "download"), {"version": "1", **answers(cast.bob)})
    assert downloaded.content == b"\0\1\2"
    code = client.post(url(login, "code"), {"reason": CANARY}, headers=JSON).json()
    assert code["seconds"] <= 15


def test_filling_in_asks_keeps_what_was_typed_and_says_for_how_long(
    cast: Cast, client_for: ClientFor, critical: Secret
) -> None:
    client = client_for(cast.bob)
    typed = {"name": "RENAMED", "description": "typed", "tags": "", "base_version": "1", "fill": "1"}
    asked = client.post(url(critical, "edit"), typed)
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert '<input type="hidden" name="name" value="RENAMED">' in asked.content.decode()
    filled = client.post(url(critical, "edit"), {**typed, **answers(cast.bob)}).content.decode()
    assert 'value="RENAMED"' in filled
    assert "sk_live_canary" in filled
    assert 'data-filled-for="15"' in filled


def test_comparing_asks_and_carries_the_text(cast: Cast, client_for: ClientFor, critical: Secret) -> None:
    client = client_for(cast.bob)
    address = reverse("secrets:env_import", args=[critical.environment_id])
    sent = {"step": "preview", "text": 'STRIPE_API_KEY="a\nb"\n'}
    asked = client.post(address, sent)
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert 'name="text" value="STRIPE_API_KEY=&quot;a\nb&quot;' in asked.content.decode()
    preview = client.post(address, {**sent, **answers(cast.bob)}).content.decode()
    carried = dict(re.findall(r'<input type="hidden" name="(text|seal)" value="([^"]*)"', preview))
    with time_machine.travel(time.time() + 5 * 60):
        late = client.post(address, {"step": "import", **carried})
        assert late.status_code == HTTPStatus.FORBIDDEN
        assert 'name="reason"' not in late.content.decode()
        done = client.post(address, {"step": "import", **carried, "code": code_of(authenticator_of(cast.bob))})
        assert done.status_code == HTTPStatus.FOUND


def test_the_reason_is_in_no_log_and_on_the_activity(
    cast: Cast, client_for: ClientFor, critical: Secret, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_for(cast.bob)
    client.post(url(critical), {"reason": CANARY, "code": "nonsense"}, headers=JSON)
    client.post(url(critical), {"reason": f"{CANARY}\u202e"}, headers=JSON)
    assert client.post(url(critical), answers(cast.bob), headers=JSON).status_code == HTTPStatus.OK
    assert CANARY not in caplog.text
    activity = client.get(url(critical, "activity")).content.decode()
    assert f"“{CANARY}”" in activity
    assert "Allowed: Website is open to every member as Member" in activity


def test_a_refusal_says_that_others_have_to_approve(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    demand(cast.acme, Classification.INTERNAL, approvals=2)
    for person in (cast.alice, cast.bob):
        client = client_for(person)
        answer = client.post(url(secret), headers=JSON)
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert answer.json()["reason"] == "What is internal needs an access that 2 others approved."
        ask = f"/organizations/{cast.acme.uid}/access/requests/new/?secret={secret.pk}&permission=secret%3Areveal"
        assert answer.json()["ask_url"] == ask
        assert client.get(ask).status_code == HTTPStatus.OK
        assert f'href="{ask.replace("&", "&amp;")}"' in client.post(url(secret)).content.decode()
        assert "needs an access that 2 others approved" in client.get(url(secret, "detail")).content.decode()
    approved_grant(cast.bob, secret, approvals=2)
    assert client_for(cast.bob).post(url(secret), headers=JSON).status_code == HTTPStatus.OK


def test_a_policy_that_is_not_genuine_says_what_to_do(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    tamper(ClassPolicy.objects.filter(organization=cast.acme), reveal_seconds=299)
    answer = client_for(cast.alice).post(url(secret), headers=JSON)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert answer.json()["reason"].endswith("until an owner saves it again, under Access, Policies.")
