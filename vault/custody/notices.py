"""What the pages about keys say first: what is under way, and what is due."""

from collections.abc import Sequence

from django.urls import reverse

from orgs.models import Organization
from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.custody.presentation import UNDER_WAY, Due, KeyRow, LeftBehind, Notice, Progress
from vault.custody.root_keys import RootKeys
from vault.custody.selectors import open_operation
from vault.keys.purposes import KeyState, Purpose


def organization_notices(organization: Organization, rows: Sequence[KeyRow]) -> list[Notice]:
    """For the page of an organization's keys."""
    running = KeyOperation.objects.filter(organization_id=organization.uid, state=OperationState.RUNNING)
    notices = [under_way(each, reverse("custody:operation", args=[organization.uid, each.uid])) for each in running]
    url = reverse("custody:rotate", args=[organization.uid])
    for row in rows:
        if row.active and row.due is Due.OVERDUE:
            text = f"It was due on {_day(row)}: every {row.line.period_days} days."
            notices.append(Notice("warning", "triangle-alert", "Rotation is overdue", text, url, "Rotate key"))
        elif row.active and row.due is Due.SOON:
            text = f"It is due on {_day(row)}: every {row.line.period_days} days."
            notices.append(Notice("info", "clock", "Rotation is due soon", text, url, "Rotate key"))
    return notices


def left_behind(rows: Sequence[KeyRow], scope: str, purpose: Purpose, url: str) -> LeftBehind | None:
    """The values of that scope and purpose that wait for somebody to move them; None if there are none, or if it is
    being done."""
    superseded = [row.line for row in rows if row.line.purpose is purpose and row.line.state is KeyState.DECRYPT_ONLY]
    values = sum(line.rows for line in superseded)
    return LeftBehind(values, url) if values and open_operation(scope, purpose) is None else None


def instance_notices(rows: Sequence[KeyRow], roots: RootKeys) -> list[Notice]:
    """For the page of the instance: operations on its own keys and on everything, and which of its keys are due."""
    running = KeyOperation.objects.filter(organization_id=None, state=OperationState.RUNNING)
    notices = [under_way(each, reverse("custody:instance_operation", args=[each.uid])) for each in running]
    for due, level, icon, title in _DUE:
        named = ["Root key"] if any(row.due is due for row in roots.rows) else []
        named += [row.purpose_label for row in rows if row.active and row.due is due]
        if named:
            notices.append(Notice(level, icon, title, f"{', '.join(named)}: rotate below."))
    return notices


_DUE = (
    (Due.OVERDUE, "warning", "triangle-alert", "Rotation is overdue"),
    (Due.SOON, "info", "clock", "Rotation is due soon"),
)


def _day(row: KeyRow) -> str:
    due_at = row.line.due_at
    return f"{due_at.day} {due_at:%B %Y}" if due_at else ""


def under_way(operation: KeyOperation, url: str) -> Notice:
    """Leads to an operation that somebody began."""
    title = UNDER_WAY[OperationKind(operation.kind)]
    return Notice("info", "refresh-cw", title, Progress(operation).sentence, url, "Show it")
