"""A denial is recorded whatever happens to the request, and nothing is answered without the record."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from audit.services import EventNotWritten
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services.authority import lock_organization
from tests.cast import Cast
from tests.orgs.confirming import confirmed
from tests.sealing import change

ClientFor = Callable[..., Client]


def test_it_records_who_was_refused_what_and_why(cast: Cast, client_for: ClientFor) -> None:
    page = client_for(cast.vera).get(reverse("orgs:activity", args=[cast.acme.uid]))
    event = Event.objects.get(action="access.denied")
    assert (event.outcome, event.actor_id, event.organization_id) == ("denied", str(cast.vera.uid), cast.acme.uid)
    assert event.resource_label == "Acme"
    assert event.details == {
        "permission": "audit:view",
        "because": "the role Viewer does not include audit:view",
        "visible": True,
    }
    assert b"The role Viewer does not include audit:view." in page.content


def test_it_records_what_outsiders_try_where_it_was_tried(cast: Cast, client_for: ClientFor) -> None:
    client_for(cast.charlie).get(reverse("orgs:settings", args=[cast.acme.uid]))
    event = Event.objects.get(action="access.denied")
    assert event.organization_id == cast.acme.uid
    assert event.details["visible"] is False


def test_it_keeps_the_record_when_the_refusal_undid_a_service(transactional_cast: Cast, client_for: ClientFor) -> None:
    """The second look, under the service's lock, refuses: the transaction is rolled back, the denial is not."""
    cast = transactional_cast
    client = client_for(cast.adam)
    target = Membership.objects.get(user=cast.bob)
    url = reverse("orgs:member_role", args=[cast.acme.uid, target.uid])

    def lock_after_demotion(uid: UUID) -> Organization:
        change(Membership.objects.filter(user=cast.adam), role=Role.MEMBER)
        return lock_organization(uid)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orgs.services.memberships.lock_organization", lock_after_demotion)
        assert confirmed(client, url, {"role": "viewer"}).status_code == 403
    target.refresh_from_db()
    assert target.role == Role.MEMBER
    assert Event.objects.filter(action="access.denied", actor_id=str(cast.adam.uid)).count() == 1


@pytest.mark.parametrize("uid", ["own", "missing"])
def test_it_answers_503_when_the_denial_cannot_be_recorded(
    cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch, uid: str
) -> None:
    def fail(**_: object) -> None:
        raise EventNotWritten

    monkeypatch.setattr("orgs.middleware.record", fail)
    client = client_for(cast.vera, raise_request_exception=False)
    organization = cast.acme.uid if uid == "own" else cast.vera.uid
    assert client.get(reverse("orgs:activity", args=[organization])).status_code == 503
