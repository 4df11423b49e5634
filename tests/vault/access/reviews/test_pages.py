"""The pages: who sees what, that every step works without JavaScript, and what is taken out."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from orgs.models import TeamMembership
from orgs.permissions import Permission
from tests.sealing import change
from tests.statements import Statements
from tests.vault.access.reviews.conftest import Reviewed, Verdict
from vault.access.models import Campaign, ReviewDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(reviewed: Reviewed, client_for: Callable[..., Client]) -> Callable[..., Any]:
    """`at(person, name, *arguments, data=None)`: the page, or what a form posted there answers."""

    def ask(person: Any, name: str, *arguments: Any, data: dict[str, Any] | None = None, query: str = "") -> Any:
        url = reverse(f"access:{name}", args=[reviewed.cast.acme.uid, *arguments]) + query
        return client_for(person).get(url) if data is None else client_for(person).post(url, data)

    return ask


def test_a_review_from_its_beginning_to_its_end(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    cast, olga = reviewed.cast, reviewed.scene.olga
    form = {
        "name": "Fourth quarter",
        "project": str(reviewed.scene.project.pk),
        "due_at": (timezone.now() + timedelta(days=7)).date().isoformat(),
        "reviewers": [str(reviewed.scene.member(each).pk) for each in (cast.alice, olga)],
    }
    assert "Begin a review" in at(cast.alice, "reviews").content.decode()
    assert at(cast.alice, "review_new", data=form).status_code == 302
    campaign = Campaign.objects.get()
    lines = [reviewed.line(campaign, each) for each in (reviewed.bobs, reviewed.carols)]
    asked = at(cast.alice, "review_confirm", campaign.pk, data={"line": [str(lines[0].pk)]})
    assert "Type the number" in asked.content.decode()
    slip = at(cast.alice, "review_confirm", campaign.pk, data={"line": [str(lines[0].pk)], "count": "2"})
    assert slip.status_code == 422
    assert not ReviewDecision.objects.exists()
    done = at(cast.alice, "review_confirm", campaign.pk, data={"line": [str(lines[0].pk)], "count": "1"})
    assert done.status_code == 302
    page = at(cast.alice, "review_line", campaign.pk, lines[1].pk)
    seen = page.context["form"].initial["seen"]
    posted = {"verdict": "revoked", "note": "Left the team", "seen": seen}
    assert at(cast.alice, "review_line", campaign.pk, lines[1].pk, data=posted).status_code == 302
    reviewed.carols.refresh_from_db()
    assert reviewed.carols.revoked_at is not None
    assert at(cast.alice, "review_close", campaign.pk, data={}).status_code == 409
    reviewed.decide_all(campaign)
    assert at(cast.alice, "review_close", campaign.pk, data={}).status_code == 302
    shown = at(cast.adam, "review", campaign.pk).content.decode()
    assert "Left the team" in shown
    assert "Closed" in shown


def test_what_changed_meanwhile_is_shown_and_asked_again(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    campaign = reviewed.begin()
    line = reviewed.line(campaign, reviewed.bobs)
    seen = reviewed.seen(line)
    change([reviewed.bobs], highest=3)
    posted = {"verdict": "confirmed", "seen": seen}
    answer = at(reviewed.cast.adam, "review_line", campaign.pk, line.pk, data=posted)
    assert answer.status_code == 409
    assert "It has changed since" in answer.content.decode()
    assert not ReviewDecision.objects.exists()
    change([reviewed.bobs], revoked_at=timezone.now())
    assert "Mark it as gone" in at(reviewed.cast.adam, "review_line", campaign.pk, line.pk).content.decode()


def test_own_lines_have_no_form(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    campaign = reviewed.begin()
    line = reviewed.line(campaign, reviewed.scene.member(reviewed.cast.alice))
    assert "Somebody else decides" in at(reviewed.cast.alice, "review_line", campaign.pk, line.pk).content.decode()
    refused = at(
        reviewed.cast.alice, "review_line", campaign.pk, line.pk, data={"verdict": "confirmed", "seen": line.state}
    )
    assert refused.status_code == 403


def test_reviews_are_for_those_who_may_see_them(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    scene = reviewed.scene
    campaign = reviewed.begin()
    for person, status in ((reviewed.cast.bob, 403), (reviewed.cast.charlie, 404)):
        for name, arguments in (("reviews", ()), ("review", (campaign.pk,))):
            assert at(person, name, *arguments).status_code == status
    assert at(reviewed.cast.alice, "review", uuid4()).status_code == 404
    auditor = scene.role("Auditor", Permission.AUDIT_VIEW)
    scene.grant(scene.carol, auditor, project=None)
    assert at(scene.carol, "review", campaign.pk).status_code == 200
    line = reviewed.line(campaign, reviewed.bobs)
    posted = {"verdict": "revoked", "seen": line.state}
    assert at(scene.carol, "review_line", campaign.pk, line.pk, data=posted).status_code == 403
    assert at(scene.carol, "review_new").status_code == 403


def test_rows_of_another_organization_are_missing(reviewed: Reviewed, client_for: Callable[..., Client]) -> None:
    campaign = reviewed.begin()
    line = reviewed.line(campaign, reviewed.bobs)
    initech = reviewed.cast.initech.uid
    for url in (
        reverse("access:review", args=[initech, campaign.pk]),
        reverse("access:review_line", args=[initech, campaign.pk, line.pk]),
    ):
        assert client_for(reviewed.cast.charlie).get(url).status_code == 404
    other = reviewed.begin(name="Another")
    wrong = reverse("access:review_line", args=[reviewed.cast.acme.uid, other.pk, line.pk])
    assert client_for(reviewed.cast.alice).get(wrong).status_code == 404


def test_what_is_overdue_is_red_everywhere(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    campaign = reviewed.begin()
    change([campaign], due_at=timezone.now() - timedelta(days=1))
    assert "badge--danger" in at(reviewed.cast.alice, "reviews").content.decode()
    page = at(reviewed.cast.alice, "review", campaign.pk).content.decode()
    assert "Overdue since" in page
    assert "banner--danger" in page


def test_the_file_has_every_line_and_no_formula(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    change(User.objects.filter(pk=reviewed.cast.bob.pk), name='=HYPERLINK("https://evil.example")')
    campaign = reviewed.begin()
    reviewed.decide(
        reviewed.cast.adam, reviewed.line(campaign, reviewed.bobs), Verdict.REVOKED, note="+cmd|' /C calc'!A0"
    )
    answer = at(reviewed.cast.adam, "review_export", campaign.pk, data={"form": "csv"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="review-fourth-quarter.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode().removeprefix("\ufeff"), newline="")))
    assert len(rows) == 1 + campaign.line_count
    cells = [cell for row in rows for cell in row]
    assert not any(cell.strip().startswith(("=", "+", "-", "@")) for cell in cells)
    assert "'+cmd|' /C calc'!A0" in cells
    assert any("Revoked" in row and "Adam (adam@example.com)" in row for row in rows)
    assert Event.objects.get(action="review.exported").details["kind"] == "csv"


def test_the_page_for_the_printer_has_no_script_of_its_own_and_escapes(
    reviewed: Reviewed, at: Callable[..., Any]
) -> None:
    campaign = reviewed.begin(name="<script>alert(1)</script>")
    answer = at(reviewed.cast.adam, "review_export", campaign.pk, data={"form": "print"}).content.decode()
    assert "review-print" in answer
    assert "<script>alert" not in answer
    assert answer.count("Not decided") == campaign.line_count


def test_the_page_takes_as_many_queries_for_many_lines(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    def queries(campaign: Campaign) -> int:
        with Statements(connection) as captured:
            assert at(reviewed.cast.alice, "review", campaign.pk, query="?show=all").status_code == 200
        return len(captured)

    first = reviewed.begin()
    queries(first)  # what is done once
    few = queries(first)
    role = reviewed.bobs.custom_role
    assert role is not None
    for _ in range(40):
        reviewed.scene.grant(reviewed.cast.bob, role)
    change([first], closed_at=timezone.now())
    assert queries(reviewed.begin(name="Large")) == few


def test_the_list_takes_as_many_queries_for_many_reviews(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    def queries() -> int:
        with Statements(connection) as captured:
            assert at(reviewed.cast.alice, "reviews").status_code == 200
        return len(captured)

    change([reviewed.begin()], closed_at=timezone.now())
    queries()
    few = queries()
    for number in range(5):
        change([reviewed.begin(name=f"Review {number}")], closed_at=timezone.now())
    assert queries() == few


@pytest.mark.parametrize("data", [{}, {"line": "x"}, {"line": str(uuid4()), "count": "1"}, {"line": "", "count": "²"}])
def test_bad_selections_are_said(reviewed: Reviewed, at: Callable[..., Any], data: dict[str, str]) -> None:
    campaign = reviewed.begin()
    assert at(reviewed.cast.adam, "review_confirm", campaign.pk, data=data).status_code in (409, 422)


def test_a_day_is_proposed_as_browsers_take_it(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    page = at(reviewed.cast.alice, "review_new").content.decode()
    assert f'value="{(timezone.now() + timedelta(days=14)).date().isoformat()}"' in page


def test_a_reviewer_is_offered_only_what_he_may_do(reviewed: Reviewed, at: Callable[..., Any]) -> None:
    """Carol manages grants, and neither teams nor members: what she cannot take away she leaves to somebody who can."""
    scene, cast = reviewed.scene, reviewed.cast
    granting = scene.role("Granting", Permission.GRANT_MANAGE, Permission.SECRET_LIST)
    scene.grant(scene.carol, granting, project=None)
    scene.team("Ops", cast.bob)
    place = TeamMembership.objects.get()
    campaign = reviewed.begin(cast.alice, scene.carol)
    for source, asked in ((place, "manage teams"), (scene.member(cast.vera), "manage members")):
        line = reviewed.line(campaign, source)
        page = at(scene.carol, "review_line", campaign.pk, line.pk).content.decode()
        assert "You cannot revoke this" in page
        assert asked in page
        assert 'value="revoked"' not in page
        posted = {"verdict": "revoked", "seen": reviewed.seen(line)}
        assert at(scene.carol, "review_line", campaign.pk, line.pk, data=posted).status_code == 422
        assert 'value="revoked"' in at(cast.alice, "review_line", campaign.pk, line.pk).content.decode()
    line = reviewed.line(campaign, reviewed.bobs)
    assert 'value="revoked"' in at(scene.carol, "review_line", campaign.pk, line.pk).content.decode()
