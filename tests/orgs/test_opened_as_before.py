"""An upgrade from the time before grants closes nothing that was open, and opens nothing that was meant closed."""

import importlib

import pytest
from django.apps import apps

from audit.actor import Actor
from orgs.demands import DEFAULTS, Demands
from orgs.models import ClassPolicy, Grant, Project
from orgs.services import create_project
from tests.cast import Cast
from tests.invariants import attacker as sql
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db
MIGRATION = importlib.import_module("orgs.migrations.0010_open_as_before")


def restricted(cast: Cast) -> tuple[Project, Project]:
    """One in each organization."""
    kind = Project.Kind.APPLICATION
    return (
        create_project(actor=cast.alice, organization=cast.acme, kind=kind, name="Website", open_as=None),
        create_project(actor=cast.charlie, organization=cast.initech, kind=kind, name="Reports", open_as=None),
    )


def test_it_is_only_for_organizations_that_have_no_policies(cast: Cast) -> None:
    website, reports = restricted(cast)
    ClassPolicy.objects.filter(organization=cast.acme).delete()
    MIGRATION.keep_open(apps, None)
    grant = Grant.objects.get(project=website)
    assert (grant.subject_kind, grant.role, grant.granted_by) == ("everyone", "member", cast.alice)
    assert ClassPolicy.objects.filter(organization=cast.acme).count() == len(DEFAULTS)
    assert not Grant.objects.filter(project=reports).exists()
    MIGRATION.keep_open(apps, None)
    assert Grant.objects.filter(subject_kind="everyone").count() == 1
    assert not verify_authority(actor=Actor.system()).faults


def test_policies_that_somebody_took_away_open_nothing(cast: Cast) -> None:
    website, _ = restricted(cast)
    sql.delete("orgs_classpolicy", organization_id=cast.acme.uid)
    MIGRATION.keep_open(apps, None)
    assert not Grant.objects.filter(project=website).exists()
    assert not ClassPolicy.objects.filter(organization=cast.acme).exists()


def test_it_demands_what_a_new_organization_does() -> None:
    """While the release is the newest: later defaults are those of organizations that are founded later."""
    assert {
        each.classification: Demands(
            step_up_minutes=each.step_up_minutes,
            reason_required=each.reason_required,
            reveal_seconds=each.reveal_seconds,
            longest_grant_days=each.longest_grant_days,
        )
        for each in MIGRATION.DEFAULTS
    } == DEFAULTS


@pytest.mark.parametrize("model", [ClassPolicy, Grant])
def test_it_seals_what_the_models_seal(model: type[ClassPolicy] | type[Grant]) -> None:
    assert MIGRATION.SEALED[model.__name__] == model.SEALED
