"""Mails about keys."""

import logging
import smtplib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.template import Context
from django.template.engine import Engine
from django.template.loader import render_to_string

from orgs.mails import Delivery, without_links
from orgs.models import Membership, Organization
from orgs.roles import Role
from vault.seals import genuine, with_seal

logger = logging.getLogger(__name__)


def deliver_compromise(organization: Organization, section: Mapping[str, Any], *, root: bool) -> dict[str, int]:
    """Tells every active owner that a key was compromised and what was done; how many mails had which end.

    Counts alone: the names are in the report. Never raises for a failed mail. Call it outside of a transaction.
    """
    ends: dict[str, int] = {}
    owners = Membership.objects.select_related("user").filter(
        organization=organization, role=Role.OWNER, status=Membership.Status.ACTIVE, user__is_active=True
    )
    for membership in genuine(with_seal(owners)):
        end = _deliver(membership.user.email, organization, section, root=root)
        ends[end.value] = ends.get(end.value, 0) + 1
    return ends


def _deliver(email: str, organization: Organization, section: Mapping[str, Any], *, root: bool) -> Delivery:
    if not settings.EMAIL_CONFIGURED:
        return Delivery.NOT_CONFIGURED
    context = {
        "organization": without_links(organization.name),
        "root": root,
        "keys": ", ".join(section["keys"]),
        "left": section["left"],
        "secrets": section["secrets"],
        "openings": section["openings"],
        "people": len(section["opened_by"]),
        "since": section["since"][:10],
        "address": settings.BASE_URL,
    }
    message = EmailMultiAlternatives(
        subject=f"A key of {context['organization']} was compromised",
        body=Engine.get_default().get_template("mail/compromise.txt").render(Context(context, autoescape=False)),
        to=[email],
    )
    message.attach_alternative(render_to_string("mail/compromise.html", context), "text/html")
    try:
        message.send()
    except (smtplib.SMTPException, OSError, BadHeaderError, ValueError) as error:
        logger.warning("The mail about a compromised key could not be sent: %s", type(error).__name__)
        return Delivery.FAILED
    return Delivery.SENT
