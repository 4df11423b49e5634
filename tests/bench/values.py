"""An organization with many values: what the benchmarks of keys start from."""

import uuid
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from orgs.models import Environment
from tests.bench.people import make_owner, make_place
from tests.bench.tables import owning_the_tables
from vault import tenancy
from vault.keys.lifecycle import activate, add_pending_key
from vault.keys.purposes import Purpose
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion

_BATCH = 2_000


@dataclass(frozen=True)
class Tenant:
    """An organization and how many values it has."""

    organization: UUID
    rows: int

    @property
    def scope(self) -> str:
        return str(self.organization)


def make_values(rows: int) -> Tenant:
    """An organization with so many secrets of one version each, in the tables and with the indexes of the product."""
    place = make_place(make_owner())
    for start in range(0, rows, _BATCH):
        secrets = [_secret(place, number) for number in range(start, min(start + _BATCH, rows))]
        Secret.objects.bulk_create(secrets)
        SecretVersion.objects.bulk_create(
            SecretVersion(  # type: ignore[misc]  # the stubs know `payload` by its attname only
                organization_id=place.organization_id,
                secret=secret,
                number=1,
                payload={"value": f"{uuid.uuid4()}"},
                field_names=["value"],
                changed_fields=["value"],
            )
            for secret in secrets
        )
    tidy()
    return Tenant(place.organization_id, rows)


def rotate(tenant: Tenant) -> None:
    """Give the values' organization a new active key: all its values are under older ones then."""
    activate(add_pending_key(scope=tenant.scope, purpose=Purpose.DATA))


def tidy() -> None:
    """Leave no dead rows of what was done before to what is measured next."""
    with tenancy.within(), owning_the_tables(), connection.cursor() as cursor:  # a vacuum is no transaction
        cursor.execute("VACUUM (ANALYZE) secrets_secretversion" if connection.vendor == "postgresql" else "ANALYZE")


def _secret(place: Environment, number: int) -> Secret:
    name = f"VALUE_{number:06}"
    return Secret(
        organization_id=place.organization_id,
        project_id=place.project_id,
        environment=place,
        kind=Kind.VALUE,
        name=name,
        name_key=name.lower(),
        search_text=name.lower(),
        version=1,
    )
