"""Mails about access that was asked for, given or taken. None holds a value, and none that fails stops anything.

Call these outside of a transaction, after what they tell of is committed: a mail server may take its time.
"""

import logging
import smtplib
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.template import Context
from django.template.engine import Engine
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs.mails import Delivery, without_links
from orgs.models import Membership
from vault.access.models import AccessRequest, BreakGlassUse, Campaign
from vault.access.presentation import lasting
from vault.access.selectors.break_glass import owners_of
from vault.access.selectors.requests import approvers_of
from vault.names import safe_label

logger = logging.getLogger(__name__)

_SUBJECT_LENGTH = 150


def mail_approvers(request: AccessRequest) -> list[Delivery]:
    """Tells everybody who may approve it that somebody asks for access."""
    people = [membership.user for membership in approvers_of(request, timezone.now())]
    organization = request.organization.name
    return _deliver(people, f"A request for access in {organization}", "access_request", _about_request(request))


def mail_answer(request: AccessRequest) -> list[Delivery]:
    """Tells whoever asked what became of it."""
    approved = request.status == AccessRequest.Status.APPROVED
    verb = "approved" if approved else "denied"
    context = _about_request(request) | {
        "approved": approved,
        "answer": _text(request.answer),
        "until": request.grant.ends_at if approved and request.grant is not None else None,
        "answered_by": _name(request.closed_by),
    }
    subject = f"Your request in {request.organization.name} was {verb}"
    return _deliver([request.membership.user], subject, "access_answer", context)


def mail_break_glass(use: BreakGlassUse) -> list[Delivery]:
    """Tells every owner, and the person in whose name it was done, that the glass was broken."""
    people = {owner.user_id: owner.user for owner in owners_of(use.organization_id)}
    people[use.membership.user_id] = use.membership.user
    again = " again" if use.unreviewed_before else ""
    subject = f"Break-glass was used{again} in {use.organization.name}"
    return _deliver(people.values(), subject, "break_glass", _about_use(use))


def mail_review(use: BreakGlassUse) -> list[Delivery]:
    """Tells every owner, and the person whom it is about, what the review says."""
    people = {owner.user_id: owner.user for owner in owners_of(use.organization_id)}
    people[use.membership.user_id] = use.membership.user
    abuse = use.verdict == BreakGlassUse.Verdict.ABUSE
    subject = f"Break-glass in {use.organization.name} was {'called abuse' if abuse else 'reviewed'}"
    context = _about_use(use) | {
        "abuse": abuse,
        "review": _text(use.review),
        "reviewer": _name(use.reviewer.user if use.reviewer else None),
    }
    return _deliver(people.values(), subject, "break_glass_review", context)


def mail_overdue_review(use: BreakGlassUse) -> list[Delivery]:
    """Reminds every owner of a review that is owed."""
    people = [owner.user for owner in owners_of(use.organization_id)]
    subject = f"The review of break-glass in {use.organization.name} is overdue"
    return _deliver(people, subject, "break_glass_overdue", _about_use(use))


def mail_overdue_campaigns(reviewer: Membership, owed: Iterable[tuple[Campaign, int]]) -> list[Delivery]:
    """Tells a reviewer which reviews of one organization are overdue, and how many lines of each wait."""
    campaigns = [
        {
            "name": _text(campaign.name),
            "due_at": campaign.due_at,
            "waiting": waiting,
            "organization": _text(campaign.organization.name),
            "link": _link("access:review", campaign.organization_id, campaign.pk),
        }
        for campaign, waiting in owed
    ]
    organization = campaigns[0]["organization"]
    subject = f"A review of access in {organization} is overdue"
    context = {"organization": organization, "campaigns": campaigns}
    return _deliver([reviewer.user], subject, "review_overdue", context)


def _about_request(request: AccessRequest) -> dict[str, object]:
    return {
        "organization": _text(request.organization.name),
        "asker": _name(request.membership.user),
        "team": _text(request.team.name) if request.team is not None else "",
        "role": _text(request.role_label),
        "scope": _text(request.scope_label),
        "highest": request.highest_class.label,
        "duration": lasting(request.minutes),
        "reason": _text(request.reason),
        "expires_at": request.expires_at,
        "link": _link("access:request", request.organization_id, request.pk),
    }


def _about_use(use: BreakGlassUse) -> dict[str, object]:
    return {
        "organization": _text(use.organization.name),
        "person": _name(use.membership.user),
        "scope": _text(use.scope_label),
        "reason": _text(use.reason),
        "again": use.unreviewed_before,
        "used_at": use.used_at,
        "ends_at": use.ends_at,
        "due_at": use.due_at,
        "link": _link("access:break_glass_use", use.organization_id, use.pk),
    }


def _text(text: str) -> str:
    """What somebody typed, on one line, so that no mail program makes a link of it."""
    return without_links(safe_label(text, max_length=500))


def _name(user: User | None) -> str:
    return f"{_text(user.name)} ({user.email})" if user is not None else ""


def _link(name: str, *arguments: object) -> str:
    """By the configured address alone: nothing of a request gets into a mail."""
    return f"{settings.BASE_URL}{reverse(name, args=arguments)}"


def _deliver(people: Iterable[User], subject: str, template: str, context: Mapping[str, object]) -> list[Delivery]:
    """One mail for each active person, so that no address is shown to another; what became of each."""
    return [_send(person.email, subject, template, context) for person in people if person.is_active]


def _send(email: str, subject: str, template: str, context: Mapping[str, object]) -> Delivery:
    if not settings.EMAIL_CONFIGURED:
        return Delivery.NOT_CONFIGURED
    plain = Engine.get_default().get_template(f"mail/{template}.txt")
    message = EmailMultiAlternatives(
        subject=without_links(safe_label(subject, max_length=_SUBJECT_LENGTH)),
        body=plain.render(Context(dict(context), autoescape=False)),  # a plain text has nothing to escape
        to=[email],
    )
    message.attach_alternative(render_to_string(f"mail/{template}.html", dict(context)), "text/html")
    try:
        message.send()
    except (smtplib.SMTPException, OSError, BadHeaderError, ValueError) as error:
        # Neither the address nor the server's words, which may repeat the message.
        logger.warning("A mail (%s) could not be sent: %s", template, type(error).__name__)
        return Delivery.FAILED
    return Delivery.SENT
