"""What others approved for a team is for those who were in it: nobody brings anybody else to it, who has it himself."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orgs.classification import Classification
from orgs.errors import BeyondReach
from orgs.services import add_team_members, move_team
from tests.vault.access.requests.conftest import HOUR, Scene
from vault.access.services import approve_request

pytestmark = pytest.mark.django_db


def test_a_member_of_the_team_who_manages_teams_brings_nobody_to_it(scene: Scene) -> None:
    """Adam has what two owners approved for his team; one of them, whom he adds, would have approved for himself."""
    scene.policy(Classification.CRITICAL, approvals=2)
    scene.secret.classification = Classification.CRITICAL
    scene.secret.save(update_fields=["classification"])
    adam, bob = scene.cast.adam, scene.cast.bob
    team, other = scene.team("On call", adam), scene.team("Others", bob)
    request = scene.ask(adam, team=team.pk, highest=Classification.CRITICAL, minutes=HOUR)
    for owner in (scene.cast.alice, scene.olga):
        request = approve_request(actor=owner, request=request)
    assert scene.may_reveal(adam)
    for person in (bob, scene.olga):
        with pytest.raises(BeyondReach, match="approved"):
            add_team_members(actor=adam, team=team, members=[scene.member(person)])
        assert not scene.may_reveal(person)
    with pytest.raises(BeyondReach, match="approved"):
        move_team(actor=adam, team=other, parent=team)
    assert not scene.may_reveal(bob)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert len(add_team_members(actor=adam, team=team, members=[scene.member(bob)])) == 1
