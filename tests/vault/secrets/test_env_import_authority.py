"""What an import asks for: both rights, and a preview of this very environment."""

import pytest

from orgs.models import Environment
from orgs.permissions import ROLE_PERMISSIONS, AccessDenied, Permission
from orgs.roles import Role
from tests.cast import Cast
from vault.secrets.errors import PreviewOutdated
from vault.secrets.models import Secret
from vault.secrets.services import import_env, preview_env_import

TEXT = "A=1\nB=2\n"


@pytest.mark.parametrize("missing", [Permission.SECRET_REVEAL, Permission.SECRET_WRITE])
def test_it_asks_for_writing_and_for_revealing(
    missing: Permission, cast: Cast, development: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The built-in roles have both or neither; a role with one of the two can neither compare nor import."""
    seal = preview_env_import(actor=cast.bob, environment=development, text=TEXT).seal
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.MEMBER, ROLE_PERMISSIONS[Role.MEMBER] - {missing})
    with pytest.raises(AccessDenied, match=missing.value):
        preview_env_import(actor=cast.bob, environment=development, text=TEXT)
    with pytest.raises(AccessDenied, match=missing.value):
        import_env(actor=cast.bob, environment=development, text=TEXT, seal=seal)
    assert not Secret.objects.exists()


def test_it_does_not_take_the_preview_of_another_environment(cast: Cast, development: Environment) -> None:
    """Also when neither has anything of what the text names, so that both previews look the same."""
    seal = preview_env_import(actor=cast.bob, environment=development, text=TEXT).seal
    staging = development.project.environments.get(position=1)
    with pytest.raises(PreviewOutdated):
        import_env(actor=cast.bob, environment=staging, text=TEXT, seal=seal)
    assert not Secret.objects.exists()
