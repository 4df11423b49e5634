"""What pages have in common on which a protection is lowered: who does it proves first that it is himself."""

import time

from django.http import HttpRequest

from accounts.errors import AccountError
from accounts.forms import StepUpForm, refuse
from accounts.gate import person
from accounts.services import Proof, prove_again, remembered_proof
from orgs.demands import LOWERING_MINUTES

CONFIRMED = "confirmed"
NEVER_AGAIN = frozenset({"csrfmiddlewaretoken", "code", "password", CONFIRMED})
"""Fields that the page that asks does not send again: its own, and what no page may hold."""


def fresh_proof(request: HttpRequest) -> Proof | None:
    """What the session remembers, if that is recent enough to lower something."""
    proof = remembered_proof(request)
    recent = proof is not None and proof.holds(person(request), minutes=LOWERING_MINUTES, now=time.time())
    return proof if recent else None


def prove(request: HttpRequest, form: StepUpForm) -> Proof | None:
    """The proof of a bound form; None if it proves nothing, and then the form says why. Raises `TooManyAttempts`."""
    if not form.is_valid():
        return None
    try:
        return prove_again(actor=person(request), request=request, **form.proof)
    except AccountError as error:
        refuse(form, error)
        return None


def carried(request: HttpRequest) -> list[tuple[str, str]]:
    """What the page that asks sends again."""
    return [(name, str(text)) for name, texts in request.POST.lists() if name not in NEVER_AGAIN for text in texts]
