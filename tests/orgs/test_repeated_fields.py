"""A field that is sent twice is read once, in the same way by the check and by the act (ASVS 5.0 15.3.7)."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Invitation, Membership
from tests.cast import Cast

ClientFor = Callable[..., Client]


@pytest.mark.parametrize("roles", [["viewer", "owner"], ["owner", "viewer"]], ids="-".join)
def test_it_gives_no_role_beyond_reach_through_a_second_value(
    cast: Cast, client_for: ClientFor, roles: list[str]
) -> None:
    client = client_for(cast.adam)  # an admin may give every role but owner
    invited = {"email": ["zoe@example.com", "zed@example.com"], "role": roles}
    client.post(reverse("orgs:invite", args=[cast.acme.uid]), invited)
    assert not Invitation.objects.filter(role="owner").exists()
    membership = Membership.objects.get(organization=cast.acme, user=cast.bob)
    client.post(reverse("orgs:member_role", args=[cast.acme.uid, membership.uid]), {"role": roles})
    membership.refresh_from_db()
    assert membership.role != "owner"


def test_it_does_not_read_the_form_out_of_the_address(cast: Cast, client_for: ClientFor) -> None:
    membership = Membership.objects.get(organization=cast.acme, user=cast.bob)
    address = reverse("orgs:member_role", args=[cast.acme.uid, membership.uid])
    client_for(cast.alice).post(f"{address}?role=viewer", {})
    membership.refresh_from_db()
    assert membership.role == "member"
