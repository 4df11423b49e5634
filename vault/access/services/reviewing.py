"""Reviewing what was done by break-glass: once, by somebody else."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action
from audit.services import append
from orgs.selectors import membership_of
from orgs.services.authority import lock_organization
from vault.access.errors import ReviewClosed
from vault.access.models import AccessRequest, BreakGlassUse
from vault.access.selectors.break_glass import refused_review, uses_in, why_not_review
from vault.access.services.asking import cleaned_reason
from vault.access.services.breaking import end_namings, stop
from vault.seals import is_genuine
from vault.seals.whole import require_whole


@transaction.atomic
def review_break_glass(*, actor: User, use: BreakGlassUse, verdict: BreakGlassUse.Verdict, words: str) -> BreakGlassUse:
    """Confirms that it was needed, or calls it abuse: then access that still runs ends at once, and the person is taken
    off the list of those who may break the glass, everywhere in the organization. Final either way.

    Raises `AccessDenied` for somebody who may not review it (`vault.access.selectors.break_glass.why_not_review`),
    `ReviewClosed` for a second review, `InvalidRequest` without words; `SealBroken` if a use, or a request, of the
    organization is not there any more, or not genuine.
    """
    verdict = BreakGlassUse.Verdict(verdict)
    lock_organization(use.organization_id)
    now = timezone.now()
    found = uses_in(use.organization_id).filter(pk=use.pk).first()
    if found is None or not is_genuine(found):
        raise refused_review(actor, use, "there is no such use of break-glass")
    require_whole(found.organization_id, BreakGlassUse, AccessRequest)  # what only forbids, in the answer
    because = why_not_review(actor, found, now)
    reviewer = membership_of(actor, found.organization)
    if because or reviewer is None:
        raise refused_review(actor, found, because or "not a member of the organization")
    if not found.is_owed:
        raise ReviewClosed("This was reviewed already. A review is given once.")
    found.review = cleaned_reason(words, field="review", label="Review")
    found.verdict, found.reviewed_at, found.reviewer = verdict, now, reviewer
    abused = verdict is BreakGlassUse.Verdict.ABUSE
    if abused:
        stop(found, by=actor)
        end_namings(found.membership_id, found.organization_id, actor.audit_actor, by=actor)
    found.save(update_fields=["review", "verdict", "reviewed_at", "reviewer"])
    append(
        actor=actor.audit_actor,
        action=Action.BREAK_GLASS_ABUSED if abused else Action.BREAK_GLASS_REVIEWED,
        organization_id=found.organization_id,
        resource=found.audit_resource,
        details={
            "grant": str(found.grant_id),
            "subject": found.membership.user.email,
            "subject_id": str(found.membership_id),
            "verdict": verdict.value,
            "justification": found.review,
        },
    )
    return found
