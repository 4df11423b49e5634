"""A review of acme, by alice, who owns it, and adam, who administers it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from orgs.classification import Classification
from orgs.models import Grant
from orgs.permissions import Permission
from tests.cast import Cast
from tests.snapshot import Snapshot
from tests.vault.access.requests.conftest import Scene, make_scene
from vault.access.models import Campaign, ReviewDecision, ReviewLine
from vault.access.selectors.reviews import rows_of
from vault.access.services import begin_review, decide_line

Verdict = ReviewDecision.Verdict


@dataclass
class Reviewed:
    """Bob reads Website by a grant up to internal, and carol as well: the only harmless lines besides roles."""

    scene: Scene
    bobs: Grant
    carols: Grant

    @property
    def cast(self) -> Cast:
        return self.scene.cast

    def begin(self, *people: User, **values: Any) -> Campaign:
        chosen = people or (self.cast.alice, self.cast.adam)
        asked: dict[str, Any] = {
            "actor": self.cast.alice,
            "organization": self.cast.acme,
            "name": "Fourth quarter",
            "reviewers": [self.scene.member(each).pk for each in chosen],
            "due_at": timezone.now() + timedelta(days=14),
        }
        return begin_review(**(asked | values))

    def line(self, campaign: Campaign, source: Any) -> ReviewLine:
        return ReviewLine.objects.get(campaign=campaign, source=source.pk)

    def decide(self, person: User, line: ReviewLine, verdict: Verdict = Verdict.CONFIRMED, **values: Any) -> Any:
        return decide_line(actor=person, line=line, verdict=verdict, **({"seen": self.seen(line)} | values))

    def seen(self, line: ReviewLine) -> str:
        (row,) = rows_of(line.campaign, [line], timezone.now())
        return row.source.state if row.source else ""

    def decide_all(self, campaign: Campaign) -> None:
        """Olga and alice must both be reviewers: each about what is not her own."""
        for line in ReviewLine.objects.filter(campaign=campaign, decision__isnull=True):
            own = line.about == self.scene.member(self.cast.alice).pk
            self.decide(self.scene.olga if own else self.cast.alice, line)


def _make_reviewed(cast: Cast) -> Reviewed:
    scene = make_scene(cast)
    role = scene.role("Reading", Permission.SECRET_LIST, Permission.SECRET_REVEAL)
    values = {"highest": Classification.INTERNAL, "granted_by": cast.alice}
    return Reviewed(scene, scene.grant(cast.bob, role, **values), scene.grant(scene.carol, role, **values))


make_reviewed = Snapshot(_make_reviewed)


@pytest.fixture
def reviewed(cast: Cast) -> Reviewed:
    return make_reviewed(cast)
