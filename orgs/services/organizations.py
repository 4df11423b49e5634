"""Founding and renaming organizations."""

from django.db import transaction

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from audit.system_keys import key_resource
from orgs.models import Membership, Organization
from orgs.names import ORGANIZATION_NAME_LENGTH
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.selectors import require
from orgs.services.policies import create_policies
from vault import tenancy
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key
from vault.names import clean_name


def found_organization(*, owner: User, name: str) -> tuple[Organization, bytes]:
    """The organization with its data key (an event) and its first owner, and the key's id; the caller says what for.

    Must run inside the caller's transaction.
    """
    name = clean_name(name, field="Organization name", max_length=ORGANIZATION_NAME_LENGTH)
    with tenancy.everywhere("a slug is given once among all organizations"):
        organization = Organization.objects.create(name=name)
    key = create_tenant_key(scope=organization.key_scope, purpose=Purpose.DATA)
    append(
        actor=owner.audit_actor,
        action=Action.KEY_CREATED,
        organization_id=organization.uid,
        resource=key_resource(key),
        key_id=bytes(key.key_id),
        details={"purpose": key.purpose},
    )
    with tenancy.within(organization.uid):
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
        create_policies(organization)
    return organization, bytes(key.key_id)


@transaction.atomic
def create_organization(*, actor: User, name: str) -> Organization:
    """A new organization with a key of its own. Anybody with an account may found one, and becomes its owner.

    Raises `ValidationError` for the name.
    """
    organization, key_id = found_organization(owner=actor, name=name)
    append(
        actor=actor.audit_actor,
        action=Action.ORGANIZATION_CREATED,
        organization_id=organization.uid,
        resource=organization.audit_resource,
        key_id=key_id,
    )
    return organization


@transaction.atomic
def rename_organization(*, actor: User, organization: Organization, name: str) -> Organization:
    """Gives the organization a new name; nothing happens when it is the one it has.

    Raises `AccessDenied` without `org:configure`, `ValidationError` for the name.
    """
    require(actor, Permission.ORG_CONFIGURE, organization, kind=ResourceKind.ORGANIZATION)
    name = clean_name(name, field="Organization name", max_length=ORGANIZATION_NAME_LENGTH)
    locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if locked.name == name:
        return locked
    before, locked.name = locked.name, name
    locked.save(update_fields=["name"])
    append(
        actor=actor.audit_actor,
        action=Action.ORGANIZATION_RENAMED,
        organization_id=locked.uid,
        resource=locked.audit_resource,
        details={"from": before, "to": name},
    )
    return locked
