"""Every version that somebody knows: by the log, and by what they wrote."""

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Event
from orgs.permissions import AccessDenied
from tests.statements import Statements
from tests.vault.access.leaving.scenes import Leaving
from vault.access.seen import page_of_seen, seen_by
from vault.access.services import end_membership, export_seen
from vault.secrets import services as secrets
from vault.secrets.models import Secret
from vault.secrets.services import RevealPurpose

ClientFor = Callable[..., Client]


def update(leaving: Leaving, secret: Secret, value: str) -> Secret:
    return secrets.update_secret(
        actor=leaving.cast.alice,
        secret=secret,
        base_version=Secret.objects.get(pk=secret.pk).version,
        name=secret.name,
        description="",
        tags=(),
        values={"value": value},
    )


def test_it_lists_each_version_once_the_latest_first(leaving: Leaving) -> None:
    cast = leaving.cast
    one, two = leaving.add("one"), leaving.add("two")
    secrets.reveal_secret(actor=cast.bob, secret=one.pk)
    secrets.reveal_secret(actor=cast.bob, secret=one.pk, purpose=RevealPurpose.COPY)
    secrets.reveal_secret(actor=cast.bob, secret=two.pk)
    update(leaving, one, "newer")
    secrets.reveal_secret(actor=cast.bob, secret=one.pk, version=2)
    secrets.reveal_secret(actor=cast.alice, secret=two.pk)
    rows = seen_by(leaving.member(cast.bob))
    assert [(row.secret, row.version, row.opened) for row in rows] == [(one.pk, 2, 1), (two.pk, 1, 1), (one.pk, 1, 2)]
    assert seen_by(leaving.member(cast.vera)) == []


def test_who_wrote_a_value_knows_it_and_who_renamed_one_need_not(leaving: Leaving) -> None:
    one = leaving.add("one")
    secrets.update_secret(
        actor=leaving.cast.bob, secret=one, base_version=1, name="one", description="", tags=(), values={"value": "b"}
    )
    secrets.update_secret(
        actor=leaving.cast.bob, secret=one, base_version=2, name="uno", description="", tags=(), values={"value": "b"}
    )
    assert [(row.version, row.wrote, row.opened) for row in seen_by(leaving.member(leaving.cast.bob))] == [(2, True, 0)]
    assert {row.version for row in seen_by(leaving.member(leaving.cast.alice)) if row.secret == one.pk} == {1}


def test_denied_openings_and_those_in_other_organizations_are_not_on_it(leaving: Leaving) -> None:
    one = leaving.add("one")
    with pytest.raises(AccessDenied):
        secrets.reveal_secret(actor=leaving.cast.vera, secret=one.pk)
    assert seen_by(leaving.member(leaving.cast.vera)) == []


def test_pages_lead_forth_and_back(leaving: Leaving) -> None:
    for number in range(7):
        secrets.reveal_secret(actor=leaving.cast.bob, secret=leaving.add(f"s{number}").pk)
    rows = seen_by(leaving.member(leaving.cast.bob))
    pages, cursor = [], ""
    for _ in range(4):
        page = page_of_seen(rows, cursor, size=3)
        pages.append(page)
        cursor = page.next
        if not cursor:
            break
    assert [len(page.rows) for page in pages] == [3, 3, 1]
    assert [row for page in pages for row in page.rows] == rows
    assert page_of_seen(rows, pages[2].previous, size=3).rows == pages[1].rows
    assert page_of_seen(rows, pages[1].previous, size=3).rows == pages[0].rows
    assert page_of_seen(rows, "rubbish", size=3).rows == pages[0].rows
    assert not pages[0].previous


def test_the_page_says_what_is_still_in_use_also_after_the_end(leaving: Leaving, client_for: ClientFor) -> None:
    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    one, two = leaving.add("one"), leaving.add("two")
    for secret in (one, two):
        secrets.reveal_secret(actor=cast.bob, secret=secret.pk)
    update(leaving, two, "newer")
    end_membership(actor=cast.adam, membership=bob, confirmation=bob.user.email)
    url = reverse("access:seen", args=[cast.acme.uid, bob.pk])
    page = client_for(cast.adam).get(url).content.decode()
    assert "1 value still in use" in page
    assert "Replaced" in page
    assert client_for(cast.vera).get(url).status_code == 403
    assert client_for(cast.charlie).get(url).status_code == 404
    assert url in client_for(cast.adam).get(reverse("orgs:members", args=[cast.acme.uid])).content.decode()


def test_the_file_runs_no_formula_and_is_an_event(leaving: Leaving, client_for: ClientFor) -> None:
    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    for name in ("=HYPERLINK(1)", "+1", "-1", "@x", "plain, with “quotes”"):
        secrets.reveal_secret(actor=cast.bob, secret=leaving.add(name).pk)
    url = reverse("access:seen_file", args=[cast.acme.uid, bob.pk])
    assert client_for(cast.adam).get(url).status_code == 405
    response = client_for(cast.adam).post(url)
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert len(rows) == 6
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert any("plain, with “quotes”" in row for row in rows)
    event = Event.objects.get(action="membership.seen_exported")
    assert event.details == {"count": 5}
    with pytest.raises(AccessDenied):
        export_seen(actor=cast.vera, membership=bob)


def test_whoever_may_not_list_a_name_does_not_learn_it(leaving: Leaving, client_for: ClientFor) -> None:
    from orgs import services as orgs
    from orgs.permissions import Permission
    from orgs.places import Scope
    from orgs.services.grants import Terms

    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    role = orgs.create_role(
        actor=cast.alice, organization=cast.acme, name="People", permissions=[Permission.MEMBER_MANAGE]
    )
    orgs.give_grant(actor=cast.alice, subject=leaving.member(cast.vera), role=role, terms=Terms(Scope(cast.acme.uid)))
    secrets.reveal_secret(actor=cast.bob, secret=leaving.add("UNSPEAKABLE").pk)
    for name in ("seen", "leave_plan"):
        page = client_for(cast.vera).get(reverse(f"access:{name}", args=[cast.acme.uid, bob.pk]))
        assert page.status_code == 200
        assert "UNSPEAKABLE" not in page.content.decode()
    file = client_for(cast.vera).post(reverse("access:seen_file", args=[cast.acme.uid, bob.pk]))
    assert "UNSPEAKABLE" not in file.content.decode()


def test_the_pages_end_somewhere_and_say_so_and_the_file_does_not(
    leaving: Leaving, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    monkeypatch.setattr("vault.access.seen.BATCH", 2)
    added = [leaving.add(f"s{number}") for number in range(5)]
    for secret in added:
        secrets.reveal_secret(actor=cast.bob, secret=secret.pk)
    client, address = client_for(cast.adam), [cast.acme.uid, bob.pk]
    page = client.get(reverse("access:seen", args=address)).content.decode()
    assert "5 values still in use" in page
    assert "The file has everything" not in page
    monkeypatch.setattr("vault.access.views.leaving.MOST_SHOWN", 3)
    page = client.get(reverse("access:seen", args=address)).content.decode()
    assert "3 values still in use" in page
    assert "The file has everything" in page
    assert ["s0" in page, "s1" in page, "s2" in page] == [False, False, True]
    file = client.post(reverse("access:seen_file", args=address)).content.decode()
    assert all(secret.name in file for secret in added)


def test_it_asks_as_often_for_many_as_for_few(leaving: Leaving, client_for: ClientFor) -> None:
    cast, bob = leaving.cast, leaving.member(leaving.cast.bob)
    url = reverse("access:seen", args=[cast.acme.uid, bob.pk])
    client = client_for(cast.adam)
    secrets.reveal_secret(actor=cast.bob, secret=leaving.add("one").pk)
    client.get(url)
    counts = []
    for number in range(2):
        with Statements(connection) as captured:
            assert client.get(url).status_code == 200
        counts.append(len(captured))
        for index in range(4):
            secrets.reveal_secret(actor=cast.bob, secret=leaving.add(f"s{number}{index}").pk)
    assert counts[0] == counts[1]
