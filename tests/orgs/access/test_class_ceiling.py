"""Whoever reaches classes up to one lowers nothing above it, so that nobody brings a value down to himself."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orgs.classification import Classification
from orgs.models import ClassPolicy, Environment
from orgs.permissions import AccessDenied, Permission, decide, decide_lowering
from orgs.roles import Role
from orgs.services import classify_environment
from tests.orgs.access.authority import Scene
from tests.vault.secrets.classified import approved_grant, classify, demand, proof_of
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, update_secret

pytestmark = pytest.mark.django_db
INTERNAL, SENSITIVE, CRITICAL = Classification


def stored(scene: Scene, environment: Environment, own: Classification | None = None) -> Secret:
    return create_secret(
        actor=scene.cast.alice, environment=environment, kind=Kind.VALUE, name="ROOT", classification=own,
        values={"value": "v"},
    )  # fmt: skip


def test_an_environment_above_the_ceiling_is_not_lowered(scene: Scene) -> None:
    bob = scene.cast.bob
    environment = scene.environment(scene.payroll)
    classify(environment, CRITICAL)
    secret = stored(scene, environment)
    scene.give(bob, Role.ADMIN, scene.scope(scene.payroll), highest=SENSITIVE, ends=timezone.now() + timedelta(days=9))
    for wanted in (INTERNAL, SENSITIVE):
        with pytest.raises(AccessDenied, match="does not reach what is critical"):
            classify_environment(
                actor=bob, environment=environment, classification=wanted, confirmed=True, proof=proof_of(bob)
            )
    assert not decide(bob, Permission.SECRET_REVEAL, Secret.objects.get(pk=secret.pk)).allowed


def test_one_up_to_the_ceiling_is_lowered_and_raised(scene: Scene) -> None:
    bob = scene.cast.bob
    environment = scene.environment(scene.payroll)
    classify(environment, SENSITIVE)
    scene.give(bob, Role.ADMIN, scene.scope(scene.payroll), highest=SENSITIVE, ends=timezone.now() + timedelta(days=9))
    lowered = classify_environment(actor=bob, environment=environment, classification=INTERNAL, proof=proof_of(bob))
    assert lowered.classification == INTERNAL
    assert classify_environment(actor=bob, environment=environment, classification=CRITICAL).classification == CRITICAL


def test_a_secret_is_lowered_by_a_right_to_configure_that_reaches_it(scene: Scene) -> None:
    bob = scene.cast.bob
    secret = stored(scene, scene.environment(scene.payroll), CRITICAL)
    scene.give(bob, Role.ADMIN, scene.scope(scene.payroll), highest=INTERNAL)
    writer = scene.role(Permission.SECRET_LIST, Permission.SECRET_WRITE)
    scene.give(bob, writer, scene.scope(scene.payroll), highest=CRITICAL, ends=timezone.now() + timedelta(days=1))
    with pytest.raises(AccessDenied, match="does not reach what is critical"):
        update_secret(
            actor=bob, secret=secret, base_version=1, name="ROOT", description="", tags=(), classification=INTERNAL,
            values={}, proof=proof_of(bob),
        )  # fmt: skip
    assert Secret.objects.get(pk=secret.pk).classification == CRITICAL


def test_what_others_must_agree_to_is_not_lowered_without_them(scene: Scene) -> None:
    """Adam reaches every class, and opens what is critical only with the consent of another; nor does he bring it to
    where he needs none. An owner could change the policy as well."""
    adam = scene.cast.adam
    environment = scene.environment(scene.payroll)
    classify(environment, CRITICAL)
    secret = stored(scene, environment)
    demand(scene.acme, CRITICAL, approvals=1)
    lower: dict[str, Any] = {"environment": environment, "classification": INTERNAL, "confirmed": True}
    with pytest.raises(AccessDenied, match="needs an access that 1 other approved"):
        classify_environment(actor=adam, **lower, proof=proof_of(adam))
    ClassPolicy.objects.filter(organization=scene.acme, classification=CRITICAL).delete()
    with pytest.raises(AccessDenied, match="policy for what is critical is missing"):
        classify_environment(actor=adam, **lower, proof=proof_of(adam))
    alice = scene.cast.alice
    assert classify_environment(actor=alice, **lower, proof=proof_of(alice)).classification == INTERNAL
    assert decide(adam, Permission.SECRET_REVEAL, Secret.objects.get(pk=secret.pk)).allowed


def test_whoever_has_the_consent_lowers_it(scene: Scene) -> None:
    adam = scene.cast.adam
    environment = scene.environment(scene.payroll)
    classify(environment, CRITICAL)
    demand(scene.acme, CRITICAL, approvals=1)
    approved_grant(adam, stored(scene, environment))
    lowered = classify_environment(
        actor=adam, environment=environment, classification=INTERNAL, confirmed=True, proof=proof_of(adam)
    )
    assert lowered.classification == INTERNAL


def test_whoever_could_replace_a_policy_needs_none(scene: Scene) -> None:
    """By a grant, as an owner by the role."""
    adam = scene.cast.adam
    environment = scene.environment(scene.payroll)
    classify(environment, CRITICAL)
    ClassPolicy.objects.filter(organization=scene.acme, classification=CRITICAL).delete()
    assert not decide_lowering(adam, environment, CRITICAL).allowed
    scene.give(adam, scene.role(Permission.ORG_DELETE, name="Deputy"))
    assert decide_lowering(adam, environment, CRITICAL).allowed


def test_to_whoever_sees_nothing_there_is_nothing_to_lower(scene: Scene) -> None:
    environment = scene.environment(scene.payroll)
    classify(environment, CRITICAL)
    for person in (scene.cast.charlie, scene.cast.vera):
        decision = decide_lowering(person, environment, CRITICAL)
        assert not decision.allowed
        assert not decision.visible
