"""Values that did not open, as the page of an operation lists them: where they are, never what is in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from orgs.models import Organization
from vault.custody.models import KeyOperation
from vault.keys.purposes import SYSTEM_SCOPE
from vault.secrets.models import Secret, SecretVersion

SHOWN = 100
"""How many of them a page lists; the command lists all that were kept."""


@dataclass(frozen=True, slots=True)
class ShownFailure:
    """One value. `url`: its secret's page, for those who may know which secret it is; else empty."""

    label: str
    place: str
    version: int | None
    key_fingerprint: str
    problem: str
    url: str = ""


def shown_failures(operation: KeyOperation, organization: Organization | None) -> list[ShownFailure]:
    """What an operation could not open, with the names of the secrets on the pages of their own organization.

    Instance administrators see the organization's name and the row's uid alone: a secret's name is its members' affair.
    """
    found = operation.result.get("failures", ())[:SHOWN]
    if organization is None:
        names = _organization_names(found)
        return [_of_instance(failure, names) for failure in found]
    secrets = _secrets_of(organization, found)
    return [_of_organization(failure, secrets) for failure in found]


def _of_instance(failure: Mapping[str, Any], names: Mapping[str, str]) -> ShownFailure:
    scope = str(failure.get("scope", ""))
    return _shown(failure, label="This instance" if scope == SYSTEM_SCOPE else names.get(scope, scope))


def _of_organization(failure: Mapping[str, Any], secrets: Mapping[UUID, Secret]) -> ShownFailure:
    uid = _uid(failure)
    secret = secrets.get(uid) if uid else None
    if secret is None:
        return _shown(failure, label=str(failure.get("row", "")))
    version = failure.get("version")
    url = reverse("secrets:version", args=[secret.uid, version]) if version else ""
    return _shown(failure, label=secret.name, url=url or reverse("secrets:detail", args=[secret.uid]))


def _shown(failure: Mapping[str, Any], *, label: str, url: str = "") -> ShownFailure:
    place = f"{failure.get('table', '')}.{failure.get('column', '')}, row {failure.get('row', '')}"
    return ShownFailure(
        label=label,
        place=place,
        version=failure.get("version"),
        key_fingerprint=str(failure.get("key_fingerprint") or ""),
        problem=str(failure.get("problem", "")),
        url=url,
    )


def _uid(failure: Mapping[str, Any]) -> UUID | None:
    """The uid of the row, if it is a secret's: as the database writes it, with hyphens or without."""
    if failure.get("table") != SecretVersion._meta.db_table:
        return None
    try:
        return UUID(str(failure.get("row", "")))
    except ValueError:
        return None


def _secrets_of(organization: Organization, failures: Iterable[Mapping[str, Any]]) -> dict[UUID, Secret]:
    uids = {uid for failure in failures if (uid := _uid(failure))}
    return {secret.uid: secret for secret in Secret.objects.filter(organization=organization, uid__in=uids)}


def _organization_names(failures: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    scopes = {str(failure.get("scope", "")) for failure in failures} - {"", SYSTEM_SCOPE}
    return {str(found.uid): found.name for found in Organization.objects.filter(uid__in=scopes)}
