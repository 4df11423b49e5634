"""Every model that grants authority says what its seal covers, and nothing is left out without a reason."""

import pytest
from django.db import models

from accounts.models import Session
from vault.seals import GuardedQuerySet, SealedModel, SealedQuerySet
from vault.seals.kinds import sealed_models

EXPECTED = {
    "accounts.instance",
    "accounts.recoverycode",
    "accounts.recoverydevice",
    "accounts.totpdevice",
    "accounts.user",
    "orgs.classpolicy",
    "orgs.customrole",
    "orgs.grant",
    "orgs.invitation",
    "orgs.machine",
    "orgs.membership",
    "orgs.team",
    "orgs.teammembership",
}


def test_it_knows_the_models() -> None:
    assert {model.seal_kind() for model in sealed_models()} >= EXPECTED


@pytest.mark.parametrize("model", [*sealed_models(), Session], ids=lambda model: model._meta.label)
def test_it_covers_every_column_or_says_why_not(model: type[SealedModel] | type[Session]) -> None:
    columns = {field.attname for field in model._meta.concrete_fields if not field.primary_key}
    own: set[str] = {"mac"} if issubclass(model, Session) else set()
    covered, left_out = set(model.SEALED), set(model.SEAL_EXEMPT)
    assert covered | left_out | own == columns
    assert not covered & left_out
    assert len(model.SEALED) == len(covered)
    assert all(reason.strip() for reason in model.SEAL_EXEMPT.values())


@pytest.mark.parametrize("model", sealed_models(), ids=lambda model: model._meta.label)
def test_it_guards_every_manager(model: type[SealedModel]) -> None:
    for manager in (model._base_manager, model._default_manager, *model._meta.managers):
        assert isinstance(manager.get_queryset(), SealedQuerySet)


@pytest.mark.parametrize("model", sealed_models(), ids=lambda model: model._meta.label)
def test_it_covers_no_column_that_a_deletion_elsewhere_empties(model: type[SealedModel]) -> None:
    emptied = {
        field.attname
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.SET_NULL
    }
    assert not emptied & set(model.SEALED)


def test_it_guards_sessions() -> None:
    assert isinstance(Session._base_manager.get_queryset(), GuardedQuerySet)
