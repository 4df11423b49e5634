"""Proving once more, in the midst of a session, that it is still oneself: what a critical action asks for."""

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts import selectors
from accounts.limiter import Door
from accounts.models import User
from accounts.services.proof import prove_code, prove_password
from audit.actions import Action
from audit.services import append


@sensitive_variables("code", "password")
def step_up(*, actor: User, code: str = "", password: str = "") -> None:
    """Returns if the signed-in person proves himself: with a code of the authenticator if there is one, else with the
    password. Nothing is remembered: every critical action asks again, in the request that carries it out.

    To be called outside of any transaction, before the action. Raises `CodeRefused`, `PasswordRefused`,
    `TooManyAttempts`, `TooBusy`; a refusal is an event, and so is a code that was accepted. (An accepted password is
    none of its own: the event of the action says who did it.)
    """
    if not selectors.has_second_factor(actor):
        prove_password(actor, password, door=Door.STEP_UP_PASSWORD)
        return
    prove_code(actor, code, door=Door.STEP_UP, actor=actor.audit_actor)
    with transaction.atomic():
        append(
            actor=actor.audit_actor,
            action=Action.SECOND_FACTOR_PASSED,
            resource=actor.audit_resource,
            details={"method": "authenticator", "door": str(Door.STEP_UP)},
        )
