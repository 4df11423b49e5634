"""Who may see which pages about keys, and what they are about."""

from collections.abc import Callable
from typing import ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.gate import person
from accounts.models import User
from orgs.context import enter_organization
from orgs.models import Organization
from orgs.permissions import Permission
from orgs.selectors import organization_for
from vault import tenancy
from vault.custody.models import KeyOperation, KeyReport, ShredRequest

P = ParamSpec("P")


def whole_instance(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Decorator for the pages about the keys of the whole instance, which count and open what is in any organization.

    They call `administrator` first.
    """
    return tenancy.everywhere("administrators of the instance look after the keys of every organization")(view)


def administrator(request: HttpRequest) -> User:
    """The instance administrator who asks. To everybody else there is no such page: raises `Http404`."""
    user = person(request)
    if not user.is_instance_admin:
        raise Http404
    return user


def organization_of(request: HttpRequest, uid: UUID, permission: Permission = Permission.KEY_ROTATE) -> Organization:
    """The organization of the page, for somebody who may do `permission` in it. Raises `AccessDenied`."""
    return enter_organization(request, organization_for(person(request), uid, permission))


def operation_of(organization: Organization, uid: UUID) -> KeyOperation:
    """One of the operations of an `organization_of`; one of another, or of the whole instance, is missing."""
    return get_object_or_404(KeyOperation, pk=uid, organization_id=organization.uid)


def report_of(organization: Organization, uid: UUID) -> KeyReport:
    """One of the reports about an `organization_of`."""
    return get_object_or_404(KeyReport, pk=uid, organization_id=organization.uid)


def shredding_of(organization: Organization, uid: UUID) -> ShredRequest:
    """One of the requests to destroy the keys of an `organization_of`, whose owner asks."""
    requests = ShredRequest.objects.select_related("requested_by")
    return get_object_or_404(requests, pk=uid, organization=organization)


def instance_operation_of(uid: UUID) -> KeyOperation:
    """An operation on what belongs to no organization, or to all. Those of one organization are its members' alone."""
    return get_object_or_404(KeyOperation, pk=uid, organization_id=None)


def instance_report_of(uid: UUID) -> KeyReport:
    """A report about the whole instance; those about one organization are its members' alone."""
    return get_object_or_404(KeyReport, pk=uid, organization_id=None)
