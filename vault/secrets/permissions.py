"""Access to secrets, decided by `orgs.permissions` alone; here it is asked again under the lock of a transaction."""

from accounts.models import User
from audit.resource import Resource
from orgs.models import Environment
from orgs.permissions import AccessDenied, Permission, decide
from vault.secrets.models import Secret


def authorize(actor: User, permission: Permission, resource: Secret | Environment) -> None:
    """Raises AccessDenied unless `actor` may do `permission` to `resource` now.

    For services, inside their transaction: the membership row is held until its end, so that a removal under way is
    either seen here or waits until what is done here is committed and recorded.
    """
    decision = decide(actor, permission, resource, lock=True)
    if not decision.allowed:
        named: Resource = resource.audit_resource
        raise AccessDenied(decision, permission, named, organization_id=resource.organization_id)
