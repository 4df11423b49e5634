"""What is asked for and answered about access, who may break the glass, and reviews of who has what.

The grants themselves are `orgs`'.

What a row names may be gone by the time it is read: a request outlives its project, and a review is still owed for a
grant that was deleted with one. Such keys hold nothing back and are held by nothing; they are looked up when they
matter, and what they named then stays as words.
"""

from vault.access.models.break_glass import BreakGlassPerson, BreakGlassUse
from vault.access.models.requests import AccessRequest, RequestApproval, RequestedRole
from vault.access.models.reviews import Campaign, ReviewDecision, Reviewer, ReviewLine

__all__ = [
    "AccessRequest",
    "BreakGlassPerson",
    "BreakGlassUse",
    "Campaign",
    "RequestApproval",
    "RequestedRole",
    "ReviewDecision",
    "ReviewLine",
    "Reviewer",
]
