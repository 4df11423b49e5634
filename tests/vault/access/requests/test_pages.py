"""The pages: who sees what, what a form that is refused says, and that every step works without JavaScript."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from orgs.classification import Classification
from orgs.models import CustomRole, Grant, Project
from orgs.services import create_project
from tests.cast import PASSWORD
from tests.sealing import change
from tests.statements import Statements
from tests.vault.access.requests.conftest import Scene
from vault.access.models import AccessRequest, BreakGlassPerson, BreakGlassUse, RequestedRole
from vault.access.services import approve_request, break_glass, name_for_break_glass
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(scene: Scene, client_for: Callable[..., Client]) -> Callable[..., Any]:
    """`at(person, name, *arguments, data=None)`: the page, or what a form posted there answers."""

    def ask(person: Any, name: str, *arguments: Any, data: dict[str, Any] | None = None, query: str = "") -> Any:
        client = client_for(person)
        url = reverse(f"access:{name}", args=[scene.cast.acme.uid, *arguments]) + query
        return client.get(url) if data is None else client.post(url, data)

    return ask


def form_of(scene: Scene, **values: Any) -> dict[str, Any]:
    asked = {
        "where": f"environment:{scene.production.uid}",
        "path": "",
        "role": "reveal",
        "highest": "1",
        "minutes": "60",
        "reason": "The shop is down",
    }
    return asked | values


def test_somebody_asks_and_somebody_else_approves(scene: Scene, at: Callable[..., Any]) -> None:
    response = at(scene.cast.bob, "request_new", data=form_of(scene, path="db/url"))
    request = AccessRequest.objects.get()
    assert response.headers["Location"].endswith(f"/requests/{request.pk}/")
    own = at(scene.cast.bob, "request", request.pk).content.decode()
    assert "Withdraw the request" in own
    assert "Adam, Alice, Olga" in own
    assert "request_approve" not in own
    assert "/approve/" not in own
    listed = at(scene.cast.alice, "requests").content.decode()
    assert "Waiting for your answer" in listed
    assert "Reader on Website / Production / db/url" in listed
    shown = at(scene.cast.alice, "request", request.pk).content.decode()
    assert "The shop is down" in shown
    assert "/approve/" in shown
    assert at(scene.cast.alice, "request_approve", request.pk, data={"minutes": "60"}).status_code == 302
    assert scene.may_reveal(scene.cast.bob)
    assert "Approved" in at(scene.cast.bob, "request", request.pk).content.decode()
    assert "Waiting for your answer" not in at(scene.cast.alice, "requests").content.decode()


def test_the_refused_page_leads_to_a_form_that_is_filled_in(scene: Scene, client_for: Callable[..., Client]) -> None:
    change([scene.production], classification=Classification.SENSITIVE)
    client = client_for(scene.cast.bob)
    refused = client.post(reverse("secrets:reveal", args=[scene.secret.pk]))
    assert refused.status_code == 403
    address = refused.content.decode().partition('href="/organizations/')[2].partition('"')[0].replace("&amp;", "&")
    page = client.get(f"/organizations/{address}")
    form = page.context["form"]
    assert form.initial["where"] == f"environment:{scene.production.uid}"
    assert form.initial["path"] == "db/url"
    assert form.initial["highest"] == Classification.SENSITIVE


def test_the_address_of_the_form_tells_nobody_of_places(scene: Scene, at: Callable[..., Any]) -> None:
    hidden = create_project(
        actor=scene.cast.alice,
        organization=scene.cast.acme,
        kind=Project.Kind.APPLICATION,
        name="Payroll",
        open_as=None,
    )
    environment = hidden.environments.first()
    assert environment is not None
    foreign = create_project(
        actor=scene.cast.charlie, organization=scene.cast.initech, kind=Project.Kind.APPLICATION, name="Foreign"
    )
    secret = create_secret(
        actor=scene.cast.alice, environment=environment, kind=Kind.VALUE, name="salaries", values={"value": "1"}
    )
    for query in (
        f"?secret={secret.pk}",
        f"?project={hidden.pk}",
        f"?environment={environment.pk}",
        f"?project={foreign.pk}",
        f"?project={uuid4()}",
        f"?secret={uuid4()}",
        f"?environment={uuid4()}",
        "?secret=nonsense",
    ):
        assert at(scene.cast.bob, "request_new", query=query).status_code == 404, query
    page = at(scene.cast.bob, "request_new").content.decode()
    assert "Payroll" not in page
    assert "Website" in page
    said = {
        at(scene.cast.bob, "request_new", data=form_of(scene, where=f"project:{uid}"))
        .context["form"]
        .errors["where"][0]
        for uid in (hidden.pk, foreign.pk, uuid4())
    }
    assert said == {"Choose one of the places listed."}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 600}, "reason"),
        ({"role": "owner"}, "role"),
        ({"role": ""}, "role"),
        ({"role": f"role:{uuid4()}"}, "role"),
        ({"where": ""}, "where"),
        ({"highest": "9"}, "highest"),
        ({"highest": "3", "minutes": str(90 * 24 * 60)}, "minutes"),
        ({"minutes": "abc"}, "minutes"),
        ({"path": "/db/"}, "path"),
        ({"path": "nothing"}, "path"),
        ({"where": "organization", "path": "db"}, "path"),
    ],
)
def test_a_form_that_is_refused_says_where_and_keeps_what_was_typed(
    scene: Scene, at: Callable[..., Any], values: dict[str, Any], field: str
) -> None:
    response = at(scene.cast.bob, "request_new", data=form_of(scene, **({"reason": "Kept words"} | values)))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    if "reason" not in values:
        assert "Kept words" in response.content.decode()
    assert not AccessRequest.objects.exists()


def test_a_request_is_for_those_who_may_know_of_it(scene: Scene, at: Callable[..., Any]) -> None:
    request = scene.ask()
    assert at(scene.carol, "request", request.pk).status_code == 403
    assert at(scene.cast.charlie, "request", request.pk).status_code == 404
    assert at(scene.cast.charlie, "request", uuid4()).status_code == 404
    foreign = reverse("access:request", args=[scene.cast.initech.uid, request.pk])
    for client in (scene.cast.charlie, scene.cast.alice):
        assert at(client, "requests").status_code in (200, 404)
    from tests.cast import signed_in_client

    assert signed_in_client(scene.cast.charlie).get(foreign).status_code == 404
    assert "Reader on" not in at(scene.carol, "requests").content.decode()


def test_the_asker_is_refused_when_he_approves_by_hand(scene: Scene, at: Callable[..., Any]) -> None:
    scene.policy(Classification.INTERNAL, approvals=1)
    request = scene.ask(scene.cast.alice)
    assert "/approve/" not in at(scene.cast.alice, "request", request.pk).content.decode()
    response = at(scene.cast.alice, "request_approve", request.pk, data={"minutes": "60"})
    assert response.status_code == 403
    assert "Nobody approves what he asked for himself" in response.content.decode()
    assert Event.objects.filter(action="access.denied", resource_id=str(request.pk)).exists()


@pytest.mark.parametrize("minutes", ["61", "0", "-1", "", "1e9", "999999999999999999"])
def test_nobody_approves_a_longer_time_by_hand(scene: Scene, at: Callable[..., Any], minutes: str) -> None:
    response = at(scene.cast.alice, "request_approve", scene.ask().pk, data={"minutes": minutes})
    assert response.status_code == 422
    assert not Grant.objects.filter(origin="requested").exists()


def test_a_late_answer_says_so_on_the_page(scene: Scene, at: Callable[..., Any]) -> None:
    request = scene.ask()
    approve_request(actor=scene.olga, request=request)
    response = at(scene.cast.alice, "request_approve", request.pk, data={"minutes": "60"})
    assert response.status_code == 409
    assert "no longer open: approved" in response.content.decode()
    denied = at(scene.cast.alice, "request_deny", request.pk, data={"answer": "No"})
    assert denied.status_code == 409


def test_denying_tells_why(scene: Scene, at: Callable[..., Any]) -> None:
    request = scene.ask()
    assert at(scene.cast.alice, "request_deny", request.pk, data={"answer": ""}).status_code == 422
    assert at(scene.cast.alice, "request_deny", request.pk, data={"answer": "Use staging"}).status_code == 302
    assert "Use staging" in at(scene.cast.bob, "request", request.pk).content.decode()


def test_too_few_who_can_approve_is_said(scene: Scene, at: Callable[..., Any]) -> None:
    scene.policy(Classification.INTERNAL, approvals=5)
    page = at(scene.cast.bob, "request", scene.ask().pk).content.decode()
    assert "Not enough people can approve this" in page
    assert "It takes 5" in page


def test_the_lists_are_empty_in_words(scene: Scene, at: Callable[..., Any]) -> None:
    assert "You have not asked for anything" in at(scene.cast.bob, "requests").content.decode()
    assert "Nobody is named" in at(scene.cast.bob, "break_glass").content.decode()


def test_every_page_counts_what_waits_with_one_query_when_nothing_does(
    scene: Scene, client_for: Callable[..., Client]
) -> None:
    client, url = client_for(scene.cast.alice), reverse("orgs:members", args=[scene.cast.acme.uid])
    client.get(url)
    with Statements(connection) as captured:
        client.get(url)
    about = [each for each in captured if "access_" in each["sql"]]
    assert len(about) == 1


def test_the_list_takes_as_many_queries_for_many_requests(scene: Scene, client_for: Callable[..., Client]) -> None:
    client, url = client_for(scene.cast.alice), reverse("access:requests", args=[scene.cast.acme.uid])
    wishes = itertools.product(("reveal", "member"), Classification, ("", "db", "db/url"))
    counts = []
    for number in (1, 12):
        for role, highest, path in itertools.islice(wishes, number):
            scene.ask(role=RequestedRole(role), highest=highest, path=path)
        client.get(url)
        with Statements(connection) as captured:
            client.get(url)
        counts.append(len(captured))
    assert len(client.get(url).context["waiting"]) == 13
    assert counts[0] == counts[1]


def owner_names(scene: Scene, at: Callable[..., Any], person: Any, **values: str) -> Any:
    data = {"membership": str(scene.member(person).pk), "project": "", "password": PASSWORD} | values
    return at(scene.cast.alice, "break_glass_name", data=data)


@pytest.fixture
def code_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """The code that the person's authenticator shows."""
    from base64 import b32decode

    from django_otp.oath import TOTP

    from tests.cast import authenticator_of

    return lambda person: f"{TOTP(b32decode(authenticator_of(person).key)).token():06d}"


def test_an_owner_names_with_a_proof_and_the_named_one_breaks_with_a_proof(
    scene: Scene, at: Callable[..., Any], code_of: Callable[[Any], str]
) -> None:
    at(scene.cast.alice, "break_glass")  # the first sign-in makes the authenticator
    assert owner_names(scene, at, scene.cast.bob, code="000000").status_code == 422
    assert not BreakGlassPerson.objects.exists()
    assert owner_names(scene, at, scene.cast.bob, code=code_of(scene.cast.alice)).status_code == 302
    person = BreakGlassPerson.objects.get()
    assert "Bob" in at(scene.carol, "break_glass").content.decode()
    assert "Break the glass on Acme" in at(scene.cast.bob, "break_glass").content.decode()
    wrong = at(scene.cast.bob, "break_glass_break", person.pk, data={"reason": "Fire", "code": "000000"})
    assert wrong.status_code == 422
    assert not BreakGlassUse.objects.exists()
    right = at(scene.cast.bob, "break_glass_break", person.pk, data={"reason": "Fire", "code": code_of(scene.cast.bob)})
    assert right.status_code == 302
    assert scene.may_reveal(scene.cast.bob)


def used(scene: Scene, person: Any = None) -> BreakGlassUse:
    named = name_for_break_glass(
        actor=scene.cast.alice,
        organization=scene.cast.acme,
        membership=scene.member(person or scene.cast.bob).pk,
    )
    return break_glass(actor=named.membership.user, person=named, reason="Fire <b>now</b>")


def test_owners_see_a_red_banner_until_it_is_reviewed(scene: Scene, at: Callable[..., Any]) -> None:
    made = used(scene)
    banner = "Break-glass was used, and its review is owed"
    assert banner in at(scene.cast.alice, "requests").content.decode()
    for person in (scene.cast.adam, scene.cast.bob, scene.cast.vera):
        assert banner not in at(person, "requests").content.decode()
    page = at(scene.cast.alice, "break_glass_use", made.pk).content.decode()
    assert "Fire &lt;b&gt;now&lt;/b&gt;" in page
    assert at(scene.cast.alice, "break_glass_review", made.pk, data={"verdict": "confirmed"}).status_code == 422
    answered = at(scene.cast.alice, "break_glass_review", made.pk, data={"verdict": "confirmed", "review": "It did"})
    assert answered.status_code == 302
    assert banner not in at(scene.cast.alice, "requests").content.decode()
    late = at(scene.olga, "break_glass_review", made.pk, data={"verdict": "abuse", "review": "No"})
    assert late.status_code == 409


def test_nobody_reviews_himself_by_hand(scene: Scene, at: Callable[..., Any]) -> None:
    made = used(scene, scene.cast.alice)
    assert "Give the review" not in at(scene.cast.alice, "break_glass_use", made.pk).content.decode()
    for person, status in ((scene.cast.alice, 403), (scene.carol, 403), (scene.cast.charlie, 404)):
        response = at(person, "break_glass_review", made.pk, data={"verdict": "confirmed", "review": "Fine"})
        assert response.status_code == status


def test_the_page_says_what_is_overdue(scene: Scene, at: Callable[..., Any]) -> None:
    made = used(scene)
    change([made], used_at=timezone.now() - timedelta(days=8), ends_at=timezone.now() - timedelta(days=7, hours=23))
    assert "Review overdue" in at(scene.cast.alice, "break_glass").content.decode()
    assert "Review overdue" in at(scene.cast.alice, "break_glass_use", made.pk).content.decode()


def test_the_second_time_is_asked_for_once_more(
    scene: Scene, at: Callable[..., Any], code_of: Callable[[Any], str]
) -> None:
    made = used(scene)
    change([made], used_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1))
    person = BreakGlassPerson.objects.get()
    page = at(scene.cast.bob, "break_glass_break", person.pk).content.decode()
    assert "although the last time has not been reviewed" in page
    data = {"reason": "Fire", "code": code_of(scene.cast.bob)}
    assert at(scene.cast.bob, "break_glass_break", person.pk, data=data).status_code == 422
    assert BreakGlassUse.objects.count() == 1


def test_who_is_named_is_removed_after_a_question(scene: Scene, at: Callable[..., Any]) -> None:
    made = used(scene)
    person = BreakGlassPerson.objects.get()
    assert "Remove Bob?" in at(scene.cast.alice, "break_glass_unname", person.pk).content.decode()
    assert at(scene.cast.bob, "break_glass_unname", person.pk, data={}).status_code == 403
    assert at(scene.cast.alice, "break_glass_unname", person.pk, data={}).status_code == 302
    assert at(scene.cast.bob, "break_glass_break", person.pk).status_code == 404
    assert at(scene.cast.bob, "break_glass_end", made.pk, data={}).status_code == 302
    assert not scene.may_reveal(scene.cast.bob)


def test_an_approver_sees_what_changes_before_answering(scene: Scene, at: Callable[..., Any]) -> None:
    team = scene.team("Ops", scene.cast.bob, scene.carol)
    own, theirs = scene.ask(), scene.ask(team=team.pk, path="db/url")
    page = at(scene.cast.alice, "request", own.pk).content.decode()
    assert "What changes once it is approved" in page
    gained = page.partition('id="gains"')[2].partition("</section>")[0]
    assert "Bob" in gained
    assert "Carol" not in gained
    assert "Secrets: read values" in gained
    assert "1 secret</strong> now" in gained
    assert "Bob, Carol" in at(scene.cast.alice, "request", theirs.pk).content.decode()
    assert "What changes" not in at(scene.cast.bob, "request", own.pk).content.decode()
    assert not CustomRole.objects.filter(name="Reader").exists()
