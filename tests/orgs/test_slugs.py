"""What commands call an organization."""

import pytest
from django.core.exceptions import ValidationError

from orgs.models import Organization
from orgs.services import create_organization, rename_organization
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Harbour & Sons", "harbour-sons"),
        ("Café Zürich", "cafe-zurich"),
        ("数据保管库", "organization"),
        ("a" * 100, "a" * 52),
        ("System", "organization-system"),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "organization-3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    ],
)
def test_it_is_made_from_the_name(name: str, slug: str, cast: Cast) -> None:
    assert create_organization(actor=cast.alice, name=name).slug == slug


def test_it_is_numbered_when_it_is_taken(cast: Cast) -> None:
    made = [create_organization(actor=cast.bob, name=name).slug for name in ("Acme", "ACME!", "acme-2", "Acme")]
    assert cast.acme.slug == "acme"
    assert made == ["acme-2", "acme-3", "acme-2-2", "acme-4"]


def test_it_stays_when_the_name_changes(cast: Cast) -> None:
    rename_organization(actor=cast.alice, organization=cast.acme, name="Acme Ltd")
    assert Organization.objects.get(pk=cast.acme.pk).slug == "acme"


def test_a_refused_name_takes_none(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        create_organization(actor=cast.bob, name=" ")
    assert not Organization.objects.filter(slug="organization").exists()
