"""A secret gets another class in the moment in which somebody opens it."""

from functools import partial

import pytest

from audit.models import Event
from orgs.classification import Classification
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.test_update import edit
from vault.secrets.errors import EvidenceNeeded
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret

CRITICAL = Classification.CRITICAL


@pytest.mark.django_db(transaction=True)
def test_a_reveal_is_either_before_the_new_class_or_asks_for_what_it_demands(
    transactional_cast: Cast, store: StoreSecret
) -> None:
    cast = transactional_cast
    for number in range(4):
        secret = store(f"NAME{number}")
        fetched = Secret.objects.select_related("environment").get(pk=secret.pk)
        raised = in_parallel(
            partial(edit, cast.alice, fetched, classification=CRITICAL),
            partial(reveal_secret, actor=cast.bob, secret=secret.pk),
        )
        assert raised[0] is None
        order = list(Event.objects.filter(resource_id=str(secret.pk)).order_by("id").values_list("action", flat=True))
        if raised[1] is None:
            assert order == ["secret.created", "secret.revealed", "secret.classified"]
        else:
            assert isinstance(raised[1], EvidenceNeeded)
            assert order == ["secret.created", "secret.classified"]
