"""Proving once more, in the midst of a session, that it is still oneself.

A critical action asks in the request that carries it out (`step_up`). Where a policy says for how long a proof holds,
the session remembers when the last one was given (`prove_again`), and nothing but this module reads or writes that.
"""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from accounts import selectors
from accounts.limiter import Door
from accounts.models import User
from accounts.services.proof import prove_code, prove_password
from accounts.sessions import hash_key
from audit.actions import Action
from audit.services import append

REMEMBERED = "step_up"


@dataclass(frozen=True, slots=True)
class Proof:
    """That a person proved himself again: `at` (seconds since 1970), `method` as events name it. Of one session."""

    person: UUID
    at: int
    method: str

    def holds(self, person: User, *, minutes: int, now: float) -> bool:
        """Whether it is that person's, and was given less than `minutes` ago. One from the future never holds."""
        return self.person == person.pk and 0 <= now - self.at < minutes * 60


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


@sensitive_variables("code", "password")
def prove_again(*, actor: User, request: HttpRequest, code: str = "", password: str = "") -> Proof:
    """The same, and the session of `request` remembers it; raises as `step_up`.

    What it remembers is bound to the person and to the very key of the session, which is a new one after every sign-in
    and every change of the password or the second factor; so all of these end it, and so does signing out.
    """
    step_up(actor=actor, code=code, password=password)
    method = "authenticator" if selectors.has_second_factor(actor) else "password"
    proof = Proof(actor.pk, int(time.time()), method)
    request.session[REMEMBERED] = {
        "person": str(actor.pk),
        "session": hash_key(request.session.session_key or ""),
        "at": proof.at,
        "method": method,
    }
    return proof


def remembered_proof(request: HttpRequest) -> Proof | None:
    """The last proof of this session and its signed-in person; None if there is none, or what is there is no proof.

    How old it may be is for whoever asks (`Proof.holds`).
    """
    found: Any = request.session.get(REMEMBERED)
    key = request.session.session_key
    if not isinstance(request.user, User) or not key or not isinstance(found, dict):
        return None
    at, method = found.get("at"), found.get("method")
    bound = constant_time_compare(str(found.get("session")), hash_key(key))
    if not bound or found.get("person") != str(request.user.pk) or type(at) is not int or not isinstance(method, str):
        return None
    return Proof(request.user.pk, at, method)


def forget_proof(request: HttpRequest) -> None:
    """Whatever comes next has to be proved anew."""
    request.session.pop(REMEMBERED, None)
