"""What `--org` takes for which organization."""

import pytest

from orgs.models import Organization
from tests.cast import Cast
from vault.custody.cli.console import WrongUsage
from vault.custody.cli.selection import organization_named

pytestmark = pytest.mark.django_db


def test_it_takes_a_slug_and_a_uid(cast: Cast) -> None:
    for name in ("acme", str(cast.acme.uid), cast.acme.uid.hex):
        assert organization_named(name) == cast.acme


@pytest.mark.parametrize("size", [4, 8, 16])
def test_nobody_passes_for_another_organization_by_a_name(cast: Cast, size: int) -> None:
    """A uid is a uid wherever its hyphens are, to Python; a slug with them elsewhere is somebody's own."""
    digits = cast.acme.uid.hex
    stranger = Organization.objects.create(name="-".join(digits[i : i + size] for i in range(0, 32, size)))
    assert organization_named(stranger.slug) == stranger


def test_what_is_neither_is_wrong_usage(cast: Cast) -> None:
    for name in ("", "nobody", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(WrongUsage):
            organization_named(name)
