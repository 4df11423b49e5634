"""Where a class takes the consent of others, lowering it is no way around them, but for owners, whose the policy is."""

from typing import Any

import pytest

from orgs.classification import Classification
from orgs.models import Environment
from orgs.permissions import AccessDenied
from orgs.services import classify_environment
from tests.cast import Cast
from tests.vault.secrets.classified import approved_grant, classify, demand, proof_of
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.test_update import edit
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db
INTERNAL, SENSITIVE, CRITICAL = Classification


@pytest.fixture
def secret(cast: Cast, store: StoreSecret) -> Secret:
    demand(cast.acme, CRITICAL, approvals=1)
    return store("ROOT", classification=CRITICAL)


def test_an_admin_lowers_no_secret_without_consent(cast: Cast, secret: Secret) -> None:
    for wanted in (INTERNAL, SENSITIVE, None):
        with pytest.raises(AccessDenied, match="needs an access that 1 other approved, to be lowered as well"):
            edit(cast.adam, secret, classification=wanted, proof=proof_of(cast.adam))
    assert Secret.objects.get(pk=secret.pk).classification == CRITICAL


def test_one_whose_access_others_approved_does_and_so_does_an_owner(
    cast: Cast, secret: Secret, store: StoreSecret
) -> None:
    other = store("OTHER", classification=CRITICAL)
    assert edit(cast.alice, other, classification=INTERNAL, proof=proof_of(cast.alice)).classification == INTERNAL
    approved_grant(cast.adam, secret)
    assert edit(cast.adam, secret, classification=INTERNAL, proof=proof_of(cast.adam)).classification == INTERNAL


def test_an_environment_is_not_lowered_around_them_either(
    cast: Cast, store: StoreSecret, development: Environment
) -> None:
    demand(cast.acme, CRITICAL, approvals=1)
    classify(development, CRITICAL)
    lower: dict[str, Any] = {"environment": development, "classification": INTERNAL, "confirmed": True}
    with pytest.raises(AccessDenied, match="to be lowered as well"):
        classify_environment(actor=cast.adam, proof=proof_of(cast.adam), **lower)
    assert classify_environment(actor=cast.alice, proof=proof_of(cast.alice), **lower).classification == INTERNAL
