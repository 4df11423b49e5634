"""What holds for the whole installation."""

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.limiter import Door
from accounts.models import Instance, User
from accounts.services.proof import prove_password
from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from vault.seals import SealBroken, locked_row


@sensitive_variables("password")
def configure_instance(*, actor: User, second_factor_required: bool, password: str) -> Instance:
    """Decides whether everybody needs a second factor; it holds from everybody's next request on.

    Raises `PermissionError` unless `actor` is an instance administrator, `PasswordRefused`, `TooManyAttempts`,
    `TooBusy`.
    """
    if not actor.is_instance_admin:
        raise PermissionError("Only instance administrators change what holds for the whole instance.")
    prove_password(actor, password, door=Door.INSTANCE_CHANGE)
    with transaction.atomic():
        instance = locked_row(Instance, 1)
        if instance is None:
            raise SealBroken(Instance.seal_kind(), "1", "not genuine")
        if instance.second_factor_required != second_factor_required:
            instance.second_factor_required = second_factor_required
            instance.save(update_fields=["second_factor_required"])
            append(
                actor=actor.audit_actor,
                action=Action.INSTANCE_CONFIGURED,
                resource=Resource(ResourceKind.INSTANCE, id="1", label="This instance"),
                details={
                    "setting": "second_factor_required",
                    "from": not second_factor_required,
                    "to": second_factor_required,
                },
            )
    return instance
