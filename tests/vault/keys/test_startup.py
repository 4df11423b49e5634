from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.checks import Tags, run_checks
from pytest_django import Settings

from vault.crypto.fingerprint import fingerprint
from vault.crypto.rootkey import RootKey
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.providers import RootKeyProblem, root_keys
from vault.keys.purposes import Purpose
from vault.keys.rootkeys import begin_root_rotation
from vault.keys.services import create_tenant_key
from vault.keys.startup import check_root_keys, verify_root_keys

pytestmark = pytest.mark.django_db


def test_it_is_content_with_the_root_key_that_wrapped_the_keys() -> None:
    verify_root_keys()


def test_it_names_every_root_key_that_is_missing_and_those_configured(
    scope: str, root_key_text: str, use_root_keys: Callable[..., list[RootKey]]
) -> None:
    needed = root_keys()[0].fingerprint
    (configured,) = use_root_keys(root_key_text)
    with pytest.raises(RootKeyProblem) as caught:
        verify_root_keys()
    assert f"need the root key {needed}. Configured: {configured.fingerprint}." in str(caught.value)
    assert "do not replace the database" in str(caught.value)

    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    WrappedKey.objects.filter(scope=scope).update(root_key_id=bytes(16))
    with pytest.raises(RootKeyProblem) as caught:
        verify_root_keys()
    for each in (needed, fingerprint(bytes(16))):
        assert each in str(caught.value)


def test_it_is_content_with_the_missing_root_key_after_the_first(
    root_key_text: str, use_root_keys: Callable[..., list[RootKey]], settings: Settings
) -> None:
    use_root_keys(root_key_text, settings.ROOT_KEY)
    verify_root_keys()


def test_a_destroyed_key_needs_no_root_key(scope: str) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    WrappedKey.objects.filter(pk=row.pk).update(state="destroyed", wrapped=b"", root_key_id=bytes(16))
    verify_root_keys()


def test_it_refuses_to_go_on_without_any_root_key(settings: Settings) -> None:
    settings.ROOT_KEY = settings.ROOT_KEY_FILE = None
    keyrings.forget()
    with pytest.raises(RootKeyProblem, match="There is no root key"):
        verify_root_keys()


def test_the_system_check_reports_it(root_key_text: str, use_root_keys: Callable[..., list[RootKey]]) -> None:
    assert run_checks(tags=[Tags.database], databases=["default"]) == []
    use_root_keys(root_key_text)
    (problem,) = run_checks(tags=[Tags.database], databases=["default"])
    assert problem.id == "keys.E001"
    assert "need the root key" in problem.msg


def test_the_system_check_leaves_other_databases_alone() -> None:
    assert check_root_keys(databases=None) == []
    assert check_root_keys(databases=["other"]) == []


def test_one_of_two_wrappings_is_enough(
    root_key_text: str, use_root_keys: Callable[..., list[RootKey]], settings: Settings
) -> None:
    before = settings.ROOT_KEY
    old, new = use_root_keys(before, root_key_text)
    begin_root_rotation(new)
    for configured in (before, root_key_text):
        use_root_keys(configured)
        verify_root_keys()
    WrappedKey.objects.filter(scope="system", purpose="totp").update(next_root_key_id=None, next_wrapped=None)
    with pytest.raises(RootKeyProblem, match=f"need the root key {old.fingerprint}. Configured: {new.fingerprint}."):
        verify_root_keys()


def test_a_root_key_that_was_added_since_the_start_counts(
    tmp_path: Path, root_key_text: str, settings: Settings
) -> None:
    path = tmp_path / "root-key"
    path.write_text(f"{root_key_text}\n")
    path.chmod(0o600)
    needed, settings.ROOT_KEY, settings.ROOT_KEY_FILE = settings.ROOT_KEY, None, path
    keyrings.forget()
    root_keys()
    path.write_text(f"{root_key_text}\n{needed}\n")
    verify_root_keys()
