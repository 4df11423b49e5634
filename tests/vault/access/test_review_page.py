"""The page between a form and its saving: it posts the same again, and shows itself anew if something else changes."""

from types import SimpleNamespace

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.models import User
from orgs.models import Grant, Membership, Project, Team, TeamMembership
from orgs.permissions.changes import Change, GiveGrant
from orgs.services import create_project
from orgs.views.reviewing import review
from tests.cast import Cast


def posted(user: User, fields: dict[str, object]) -> HttpRequest:
    request = RequestFactory().post("/here/", fields)
    request.user = user
    request.session = SimpleNamespace(get=lambda *_: None)  # type: ignore[assignment]  # the shell reads a theme
    return request


@pytest.fixture
def team(cast: Cast) -> Team:
    return Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")


@pytest.fixture
def change(cast: Cast, team: Team) -> Change:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Shop")
    Grant.objects.filter(project=project).delete()
    TeamMembership.objects.create(
        organization=cast.acme, team=team, membership=Membership.objects.get(organization=cast.acme, user=cast.bob)
    )
    return GiveGrant(Grant(organization=cast.acme, subject_kind="team", team=team, role="member", project=project))


def shown(cast: Cast, change: Change, fields: dict[str, object]) -> str | None:
    page = review(
        posted(cast.alice, fields), cast.acme, change, title="Give access?", submit="Give access", cancel_url="/back/"
    )
    return None if page is None else page.content.decode()


def test_it_shows_what_changes_and_posts_the_same_again_without_proofs(cast: Cast, change: Change) -> None:
    text = shown(cast, change, {"role": "member", "tags": ["a", "b"], "password": "hunter2", "code": "123456"})
    assert text is not None
    assert "Bob" in text
    assert 'name="role" value="member"' in text
    assert text.count('name="tags"') == 2
    assert "hunter2" not in text
    assert "123456" not in text


def test_it_lets_through_what_was_reviewed_and_nothing_else(cast: Cast, change: Change, team: Team) -> None:
    text = shown(cast, change, {}) or ""
    digest = text.partition('name="reviewed" value="')[2].partition('"')[0]
    assert shown(cast, change, {"reviewed": "0" * 64}) is not None
    assert shown(cast, change, {"reviewed": digest}) is None
    TeamMembership.objects.create(
        organization=cast.acme, team=team, membership=Membership.objects.get(organization=cast.acme, user=cast.vera)
    )
    again = shown(cast, change, {"reviewed": digest})
    assert again is not None
    assert "Something else would change now" in again
