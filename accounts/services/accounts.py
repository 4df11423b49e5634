"""Accounts themselves: making one, its name, unlocking it, and who may use the support desk."""

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from accounts.emails import normalize_email
from accounts.models import User
from accounts.services.passwords import check_new_password
from audit.actions import Action
from audit.actor import Actor
from audit.services import append
from vault.names import clean_name

EMAIL_MAX_LENGTH = 254


def clean_email(address: str) -> str:
    """An address as it is stored and as mail goes to it. Raises `ValidationError` with the remedy.

    It is the key, the folded form, that has to be an address: full-width letters are understood, and two accounts can
    never be told apart by spelling alone.
    """
    stripped = address.strip()
    key = normalize_email(stripped[: EMAIL_MAX_LENGTH + 1])  # no work for what is refused anyway
    if max(len(stripped), len(key)) > EMAIL_MAX_LENGTH:
        raise ValidationError(f"An e-mail address has at most {EMAIL_MAX_LENGTH} characters. Shorten it.", "max_length")
    try:
        # Django's check admits characters in a domain that nobody can see; the rule for names does not.
        validate_email(clean_name(key, field="E-mail address", max_length=EMAIL_MAX_LENGTH))
    except ValidationError:
        raise ValidationError("Enter an e-mail address, such as name@example.com.", "invalid") from None
    return stripped if stripped.isascii() else key


@sensitive_variables("password")
def create_account(*, email: str, name: str, password: str) -> User:
    """A new account that can sign in. It belongs to no organization and holds no authority.

    Raises `ValidationError` whose `message_dict` names the fields `email` (no address, or taken), `name` or `password`.
    """
    problems: dict[str, list[str]] = {}
    try:
        email = clean_email(email)
    except ValidationError as error:
        problems["email"] = error.messages
    try:
        name = clean_name(name, field="Your name")
    except ValidationError as error:
        problems["name"] = error.messages
    user = User(email=email, email_key=normalize_email(email), name=name)
    try:
        check_new_password(password, person=user)
    except ValidationError as error:
        problems["password"] = error.messages
    if problems:
        raise ValidationError(problems)
    user.password = make_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            append(actor=user.audit_actor, action=Action.ACCOUNT_CREATED, resource=user.audit_resource)
    except IntegrityError:
        raise ValidationError({"email": ["There is an account with this e-mail address already."]}) from None
    return user


def rename_account(*, actor: User, name: str) -> User:
    """Gives the person another name. Raises `ValidationError`."""
    name = clean_name(name, field="Your name")
    if name == actor.name:
        return actor
    with transaction.atomic():
        before, actor.name = actor.name, name
        actor.save(update_fields=["name"])
        append(
            actor=actor.audit_actor,
            action=Action.ACCOUNT_RENAMED,
            resource=actor.audit_resource,
            details={"from": before, "to": name},
        )
    return actor


def unlock_account(*, actor: Actor, account: User) -> User:
    """Starts new counters for the account at every door. The counters of addresses go on: they are not the person's."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=account.pk)
        locked.limiter_epoch += 1
        locked.save(update_fields=["limiter_epoch"])
        append(actor=actor, action=Action.ACCOUNT_UNLOCKED, resource=locked.audit_resource)
    return locked


def grant_support(*, account: User, actor: Actor) -> User:
    """Lets a person use the support desk. Only a command does: nobody is given this through the web."""
    return _set_support(account, actor=actor, allowed=True)


def revoke_support(*, account: User, actor: Actor) -> User:
    """Takes the support desk away, from the next request on."""
    return _set_support(account, actor=actor, allowed=False)


def _set_support(account: User, *, actor: Actor, allowed: bool) -> User:
    if account.is_support == allowed:
        return account
    with transaction.atomic():
        account.is_support = allowed
        account.save(update_fields=["is_support"])
        append(
            actor=actor,
            action=Action.SUPPORT_GRANTED if allowed else Action.SUPPORT_REVOKED,
            resource=account.audit_resource,
        )
    return account
