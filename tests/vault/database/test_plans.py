"""The policies do not keep the planner from the indexes of the lists."""

import pytest
from django.db import connection

from tests.cast import Cast
from tests.harness.roles import as_table_owner
from tests.vault.secrets.conftest import make_environment
from vault import tenancy
from vault.secrets.models import Secret
from vault.secrets.selectors import BY_NAME, Filters, listable_secrets

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no policies"),
]
MANY = 3000


@pytest.mark.parametrize("everywhere", [False, True], ids=["within the person's organizations", "everywhere"])
def test_the_list_of_secrets_reads_its_index_in_order(cast: Cast, *, everywhere: bool) -> None:
    place = make_environment(cast)
    Secret.objects.bulk_create(
        Secret(
            organization_id=place.organization_id,
            project_id=place.project_id,
            environment=place,
            kind="value",
            name=f"NAME_{number}",
            name_key=f"name_{number}",
            search_text="",
        )
        for number in range(MANY)
    )
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE secrets_secret")
    filters = Filters(organization=cast.acme.uid)
    with tenancy.everywhere("the test asks") if everywhere else tenancy.within(cast.acme.uid):
        page = listable_secrets(cast.alice, filters).order_by(*BY_NAME.by())[:50]
        plan = page.explain()
    assert "Index Scan using secret_list on secrets_secret" in plan
    assert "Sort" not in plan
