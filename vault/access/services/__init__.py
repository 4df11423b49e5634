"""The only functions that change what is asked for and answered about access.

Each queues at the organization's row, authorizes, changes and appends its events in one transaction; if an event cannot
be written, nothing happened.
"""

from vault.access.services.answering import approve_request, deny_request
from vault.access.services.asking import ask_for_access, withdraw_request
from vault.access.services.breaking import break_glass, end_break_glass, name_for_break_glass, unname_for_break_glass
from vault.access.services.campaigns import add_reviewer, begin_review, close_review, export_review
from vault.access.services.chasing import remind_reviewers
from vault.access.services.deciding import confirm_lines, decide_line
from vault.access.services.keeping import expire_requests, remind_of_reviews, retire_names
from vault.access.services.leaving import Handover, Left, end_membership, export_seen
from vault.access.services.reviewing import review_break_glass

__all__ = [
    "Handover",
    "Left",
    "add_reviewer",
    "approve_request",
    "ask_for_access",
    "begin_review",
    "break_glass",
    "close_review",
    "confirm_lines",
    "decide_line",
    "deny_request",
    "end_break_glass",
    "end_membership",
    "expire_requests",
    "export_review",
    "export_seen",
    "name_for_break_glass",
    "remind_of_reviews",
    "remind_reviewers",
    "retire_names",
    "review_break_glass",
    "unname_for_break_glass",
    "withdraw_request",
]
