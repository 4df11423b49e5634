"""Where somebody who was refused can ask for access."""

from urllib.parse import urlencode
from uuid import UUID

from django.urls import Resolver404, resolve

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.permissions import Permission

_PLACES = {
    ResourceKind.SECRET: "secret",
    ResourceKind.ENVIRONMENT: "environment",
    ResourceKind.PROJECT: "project",
    ResourceKind.ORGANIZATION: "",
}
"""What access can be asked for, by the name under which the form takes its uid."""


def address_of_asking(organization_id: UUID, permission: Permission, resource: Resource) -> str:
    """The form that asks for `permission` on `resource`, filled in; empty where there is nothing to ask for.

    That page belongs to an app above this one, so its address is spelled here, and looked up before it is given.
    """
    if resource.kind not in _PLACES or not permission.startswith("secret:"):
        return ""
    path = f"/organizations/{organization_id}/access/requests/new/"
    try:
        resolve(path)
    except Resolver404:
        return ""
    named = {_PLACES[resource.kind]: resource.id} if _PLACES[resource.kind] else {}
    return f"{path}?{urlencode({**named, 'permission': permission.value})}"
