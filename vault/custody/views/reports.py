"""Signed reports: to read on a page, and to have as the file that was signed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from orgs.models import Organization
from vault.custody.access import administrator, instance_report_of, organization_of, report_of
from vault.custody.models import KeyReport

SHOWN = 20
"""How many reports a page lists."""


@dataclass(frozen=True, slots=True)
class ShownReport:
    """One line of the list of reports."""

    label: str
    created_at: datetime
    url: str
    file_url: str


def shown_reports(reports: QuerySet[KeyReport], *, organization: Organization | None) -> list[ShownReport]:
    """The newest reports, with their addresses on the pages of the organization, or of the instance (None)."""
    return [_shown(report, organization) for report in reports.defer("text")[:SHOWN]]


def _shown(report: KeyReport, organization: Organization | None) -> ShownReport:
    prefix, of = ("instance_", []) if organization is None else ("", [organization.uid])
    return ShownReport(
        label=report.get_kind_display(),
        created_at=report.created_at,
        url=reverse(f"custody:{prefix}report", args=[*of, report.uid]),
        file_url=reverse(f"custody:{prefix}report_file", args=[*of, report.uid]),
    )


@require_safe
def report(request: HttpRequest, organization: UUID, report: UUID) -> HttpResponse:
    """A report about the organization."""
    found = organization_of(request, organization)
    return _page(request, report_of(found, report), found)


@require_safe
def report_file(request: HttpRequest, organization: UUID, report: UUID) -> HttpResponse:
    """The same as a file."""
    return _file(report_of(organization_of(request, organization), report))


@require_safe
def instance_report(request: HttpRequest, report: UUID) -> HttpResponse:
    """A report about the whole instance."""
    administrator(request)
    return _page(request, instance_report_of(report), None)


@require_safe
def instance_report_file(request: HttpRequest, report: UUID) -> HttpResponse:
    """The same as a file."""
    administrator(request)
    return _file(instance_report_of(report))


def _page(request: HttpRequest, report: KeyReport, organization: Organization | None) -> HttpResponse:
    shown = _shown(report, organization)
    context = {
        "nav": "account" if organization is None else "keys",
        "tab": "keys",
        "report": report,
        "shown": shown,
        "back_url": reverse("custody:instance")
        if organization is None
        else reverse("custody:keys", args=[organization.uid]),
    }
    return render(request, "custody/report.html", context)


def _file(report: KeyReport) -> HttpResponse:
    """Byte for byte what was signed."""
    response = HttpResponse(report.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="holdfast-{report.kind.replace("_", "-")}-{report.uid}.txt"'
    )
    return response
