"""Each service writes exactly one event, and has done nothing when it cannot."""

from collections.abc import Callable

import pytest
from django.core.serializers import serialize

from audit import services as audit
from audit.models import Event
from audit.services import EventNotWritten
from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.test_update import edit
from vault.crypto.errors import KeyUnavailable
from vault.secrets import services
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion, Tag

Act = Callable[[], object]


@pytest.fixture
def acts(cast: Cast, development: Environment, store: StoreSecret) -> dict[str, Act]:
    secret, changed, trashed, purged = store("A"), store("B"), store("C"), store("D")
    edit(cast.alice, changed, {"value": "second"})
    for each in (trashed, purged):
        services.trash_secret(actor=cast.alice, secret=each)
    text = "A=other\nNEW=1\n"
    seal = services.preview_env_import(actor=cast.alice, environment=development, text=text).seal
    file = store("F", kind=Kind.FILE, values={"filename": "f", "content": "AAAA"})
    login = store("L", kind=Kind.LOGIN, values={"password": "p", "totp": "JBSWY3DPEHPK3PXP"})
    new = {"environment": development, "kind": Kind.VALUE, "name": "N", "values": {"value": "v"}}
    return {
        "create_secret": lambda: services.create_secret(actor=cast.bob, tags=["new"], **new),  # type: ignore[arg-type]
        "update_secret": lambda: edit(cast.bob, secret, {"value": "x"}, name="A2", tags=["new"]),
        "restore_version": lambda: services.restore_version(actor=cast.bob, secret=changed, number=1),
        "trash_secret": lambda: services.trash_secret(actor=cast.bob, secret=secret),
        "untrash_secret": lambda: services.untrash_secret(actor=cast.bob, secret=trashed, name="C2"),
        "purge_secret": lambda: services.purge_secret(actor=cast.adam, secret=purged, confirmation="D"),
        "reveal_secret": lambda: services.reveal_secret(actor=cast.bob, secret=secret.pk),
        "show_code": lambda: services.show_code(actor=cast.bob, secret=login.pk),
        "download_file": lambda: services.download_file(actor=cast.bob, secret=file.pk),
        "preview_env_import": lambda: services.preview_env_import(actor=cast.bob, environment=development, text=text),
        "import_env": lambda: services.import_env(actor=cast.alice, environment=development, text=text, seal=seal),
    }


NAMES = [
    "create_secret", "update_secret", "restore_version", "trash_secret", "untrash_secret", "purge_secret",
    "reveal_secret", "show_code", "download_file", "preview_env_import", "import_env",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_it_writes_exactly_one_event(acts: dict[str, Act], name: str) -> None:
    before = Event.objects.count()
    acts[name]()
    assert Event.objects.count() == before + 1


@pytest.mark.parametrize("name", NAMES)
def test_it_has_done_nothing_without_its_event(
    acts: dict[str, Act], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _everything()

    def broken(*args: object) -> bytes:
        raise KeyUnavailable(bytes(16))

    monkeypatch.setattr(audit, "keyed_hash", broken)
    with pytest.raises(EventNotWritten):
        acts[name]()
    assert _everything() == before


def _everything() -> str:
    rows = [*Secret.objects.order_by("pk"), *SecretVersion.objects.order_by("pk"), *Tag.objects.order_by("pk")]
    return f"{serialize('json', rows)} and {Event.objects.count()} events"


def test_it_tries_every_service(acts: dict[str, Act]) -> None:
    public = {name for name in services.__all__ if name[0].islower()} - {"purge_expired_trash"}  # its own test
    assert public == set(NAMES) == set(acts)
