"""Mails about organizations."""

import logging
import re
import smtplib
from enum import StrEnum

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.template import Context
from django.template.engine import Engine
from django.template.loader import render_to_string

from accounts.limiter import Door, LimiterUnavailable, TooManyAttempts, guard
from orgs.roles import Role
from orgs.services.invitations import Invited
from vault.context import current

_LINKS = re.compile(r"(?<=\w)\.(?=\w)|:(?=//)|@")

logger = logging.getLogger(__name__)


class Delivery(StrEnum):
    """What became of a mail."""

    NOT_CONFIGURED = "not_configured"
    SENT = "sent"
    FAILED = "failed"
    HELD_BACK = "held_back"


def deliver_invitation(invited: Invited) -> Delivery:
    """Mails the link to the invited address as it was entered, when there is a mail server.

    Never raises for a failed mail: the invitation stands, and its link is on the page. Call it outside of a
    transaction, because a mail server may take its time. An address gets a few mails in an hour and no more, whoever
    invites it: anybody can found an organization and invite anybody, again and again.
    """
    if not settings.EMAIL_CONFIGURED:
        return Delivery.NOT_CONFIGURED
    invitation = invited.invitation
    try:
        guard(Door.INVITATION_MAIL, account=invitation.email, ip=current().ip)
    except TooManyAttempts:
        return Delivery.HELD_BACK
    except LimiterUnavailable:
        return Delivery.FAILED
    inviter = invitation.invited_by
    context = {
        "organization": without_links(invitation.organization.name),
        "inviter": f"{without_links(inviter.name)} ({inviter.email})" if inviter else "",
        "role": Role(invitation.role).label,
        "email": invitation.email,
        "link": invited.link,
        "hours": settings.INVITATION_HOURS,
    }
    message = EmailMultiAlternatives(
        subject=f"Invitation to {context['organization']}",
        body=_text("mail/invitation.txt", context),
        to=[invitation.email],
    )
    message.attach_alternative(render_to_string("mail/invitation.html", context), "text/html")
    try:
        message.send()
    except (smtplib.SMTPException, OSError, BadHeaderError, ValueError) as error:
        # Neither the address nor the server's words: they may repeat the message, and with it the link.
        logger.warning("The mail for invitation %s could not be sent: %s", invitation.uid, type(error).__name__)
        return Delivery.FAILED
    return Delivery.SENT


def without_links(name: str) -> str:
    """A name of somebody's choosing, so that no mail program makes a link of it: `evil.example` as `evil[.]example`.

    Anybody can found an organization and invite anybody, so its name could otherwise say "your vault is locked, go
    to …" under our own sender address.
    """
    return _LINKS.sub(lambda found: f"[{found.group()}]", name)


def _text(template: str, context: dict[str, object]) -> str:
    """A plain text has nothing to escape: `&` stays `&`."""
    return Engine.get_default().get_template(template).render(Context(context, autoescape=False))
