"""Destroying an organization's keys: one owner asks, another agrees within a day."""

from accounts.models import User
from audit.actor import Actor
from orgs.models import Organization
from vault.custody.models import ShredRequest

SHRED_REQUEST_HOURS = 24


def request_shred(*, actor: User, organization: Organization, confirmation: str) -> ShredRequest:
    """An owner asks to destroy the keys, with the organization's name typed as `confirmation`.

    Raises `AccessDenied` for anybody but an owner (`org:delete`), `ConfirmationMismatch`, `ShredRefused` if a request
    is open or there is no other owner to approve it, `KeysDestroyed`.
    """
    raise NotImplementedError


def approve_shred(*, actor: User, request: ShredRequest, execute: bool = True) -> ShredRequest:
    """Another owner agrees; with `execute` the keys are destroyed in the same transaction, else the operator carries it
    out with `manage.py keys shred`.

    Both must be active owners now. Raises `AccessDenied`, `ShredRefused`, `KeysDestroyed`.
    """
    raise NotImplementedError


def cancel_shred(*, actor: User, request: ShredRequest) -> ShredRequest:
    """Any owner ends a request that was not executed. Raises `AccessDenied`; nothing happens if it has ended."""
    raise NotImplementedError


def execute_shred(*, actor: Actor, organization: Organization, confirmation: str) -> ShredRequest:
    """The operator carries out what two owners approved, with the organization's name typed. Done before: nothing
    happens. Raises `ConfirmationMismatch`, `ShredRefused` without an approved request."""
    raise NotImplementedError
