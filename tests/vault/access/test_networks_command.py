"""`manage.py access networks`: the list, and the way back in."""

import pytest

from orgs.models import NetworkRule
from tests.cast import Cast
from tests.orgs.network.rules import HOME, NETWORK, let_in
from tests.sealing import unguarded
from tests.vault.access.test_verify_command import access, spoken

pytestmark = pytest.mark.django_db


def test_it_lists_and_clears(cast: Cast) -> None:
    assert access("networks", "acme") == (
        {"organization": str(cast.acme.uid), "genuine": True, "networks": []},
        0,
    )
    let_in(cast.alice, cast.acme, NETWORK, HOME)
    said, wrong = spoken("networks", "acme")
    assert NETWORK in said
    assert wrong == ""
    assert "--yes" in spoken("networks", "acme", "--clear")[1]
    assert NetworkRule.objects.count() == 2
    assert access("networks", "acme", "--clear", "--yes")[0]["cleared"] == 2
    assert not NetworkRule.objects.exists()


def test_it_says_that_somebody_wrote_to_the_database_and_clears_that_too(cast: Cast) -> None:
    let_in(cast.alice, cast.acme, NETWORK, HOME)
    unguarded(NetworkRule.objects.filter(cidr=NETWORK))._raw_delete(using="default")
    document, code = access("networks", str(cast.acme.uid))
    assert (document["genuine"], code) == (False, 1)
    assert "--clear" in spoken("networks", "acme")[1]
    access("networks", "acme", "--clear", "--yes")
    assert access("networks", "acme")[1] == 0


def test_it_does_not_know_what_is_not_there(cast: Cast) -> None:
    assert access_code("networks", "nowhere") == 2


def access_code(*words: str) -> int:
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError) as refused:
        call_command("access", *words)
    return refused.value.returncode
