"""What people see while OpenBao, which unseals the root key, is gone: nothing, then a 503, then their secrets again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orgs.models import Project
from orgs.services import create_project
from tests.cast import Cast
from tests.vault.keys.providers.bao import Bao
from tests.vault.keys.providers.conftest import bao, configure, root_key_file  # noqa: F401 - fixtures
from tests.vault.keys.providers.service import wait_until
from vault.keys import keyrings
from vault.keys.providers import remote
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

VALUE = "a value nobody knows"


@pytest.mark.slow
def test_values_are_shown_until_the_grace_is_over_and_again_when_the_provider_is_back(
    transactional_cast: Cast,
    bao: Bao,  # noqa: F811 - the fixture
    configure: Callable[[dict[str, str]], None],  # noqa: F811 - the fixture
    root_key_file: Callable[..., Path],  # noqa: F811 - the fixture
    client_for: Callable[..., Client],
    settings: Settings,
) -> None:
    cast = transactional_cast
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Shared")
    secret = create_secret(
        actor=cast.alice, environment=project.environments.get(), name="Door", kind=Kind.VALUE, values={"value": VALUE}
    )
    configure(bao.settings())
    root_key_file(remote.seal("openbao", str(settings.ROOT_KEY)).text)
    settings.ROOT_KEY_REFRESH_SECONDS, settings.ROOT_KEY_GRACE_SECONDS = 1, 5
    keyrings.forget()
    client = client_for(cast.alice, raise_request_exception=False)

    def reveal() -> tuple[int, str]:
        answer = client.post(reverse("secrets:reveal", args=[secret.pk]), {"field": "value"})
        return answer.status_code, answer.content.decode()

    def shows_the_value() -> bool:
        status, page = reveal()
        return status == 200 and VALUE in page

    assert shows_the_value()
    bao.go()
    try:
        for _ in range(5):
            assert shows_the_value()
        wait_until(lambda: reveal()[0] == 503, seconds=20, why="it goes on for ever")
        status, page = reveal()
        assert (status, VALUE in page) == (503, False)
        assert "cannot be had from its provider at the moment" in page
        assert bao.address not in page
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    finally:
        bao.come_back()
    wait_until(shows_the_value, seconds=30, why="it does not recover")
    assert client.get("/readyz").status_code == 200
