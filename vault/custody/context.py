"""What every page of an organization says about its keys: that they are gone, if they are."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from orgs.models import Organization
from vault.custody.selectors import shredded_at


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `keys_destroyed_at`, a time or None. The query waits until a template asks."""
    organization: Organization | None = getattr(request, "organization", None)
    if organization is None:
        return {}
    uid = organization.uid
    return {"keys_destroyed_at": SimpleLazyObject(lambda: shredded_at(uid))}
