"""A secret's page, and what shows its values: revealing, copying, codes, downloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts.gate import person
from accounts.models import User
from orgs.asking import address_of_asking
from orgs.context import enter_organization
from orgs.permissions import Permission
from vault.errors import error_response, wants_json
from vault.secrets.codes import Code
from vault.secrets.errors import EvidenceNeeded, SecretError
from vault.secrets.evidence import Evidence
from vault.secrets.forms.opening import ANSWERS, EvidenceForm
from vault.secrets.kinds import FIELDS, Content, Field, Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.payload import link_target
from vault.secrets.selectors import permitted_on, secret_for, version_for_display, why_sealed
from vault.secrets.services import (
    Download,
    Revealed,
    RevealPurpose,
    ShownCode,
    download_file,
    reveal_secret,
    show_code,
)
from vault.secrets.views.opening import Asking, with_evidence

_LAST_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A field on the page. `value` is None while it is hidden; `link` is where a shown web address may lead."""

    field: Field
    holds: bool
    value: str | None = None
    link: str | None = None

    @property
    def block(self) -> bool:
        """Whether the shown value needs a box of several lines."""
        return self.value is not None and ("\n" in self.value or "\r" in self.value)

    @property
    def is_file(self) -> bool:
        return self.field.content is Content.FILE

    @property
    def is_code_key(self) -> bool:
        return self.field.content is Content.TOTP


@require_GET
def detail(request: HttpRequest, secret: UUID) -> HttpResponse:
    """What is known about the secret, its values sealed."""
    return secret_page(request, secret_for(person(request), secret, Permission.SECRET_LIST))


@require_GET
def version(request: HttpRequest, secret: UUID, number: int) -> HttpResponse:
    """The same for an earlier version."""
    found = secret_for(person(request), secret, Permission.SECRET_LIST)
    return secret_page(request, found, number=number)


@sensitive_post_parameters(*ANSWERS)
@require_POST
def reveal(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Shows fields (`field`, repeated; none means all) of the current version or of number `version`.

    As JSON for the page's script; as a page that hides itself again for everybody else.
    """
    actor = person(request)
    number = _number(request.POST.get("version", ""))
    copying = request.POST.get("purpose") == RevealPurpose.COPY

    def opening(evidence: Evidence) -> Revealed:
        return reveal_secret(
            actor=actor,
            secret=secret,
            fields=request.POST.getlist("field") or None,
            version=number,
            purpose=RevealPurpose.COPY if copying else RevealPurpose.REVEAL,
            evidence=evidence,
        )

    try:
        revealed = with_evidence(request, opening, lambda: _asking(actor, secret, "Show", number))
    except SecretError as error:
        return error_response(request, error.status, str(error))
    if isinstance(revealed, HttpResponse):
        return revealed
    if wants_json(request):
        shown = [_shown(field, revealed) for field in FIELDS[revealed.kind] if field.name in revealed]
        return JsonResponse({"version": revealed.version, "seconds": revealed.seconds, "fields": shown})
    response = secret_page(request, secret_for(actor, secret, Permission.SECRET_LIST), number=number, revealed=revealed)
    return _hidden_after(response, revealed.seconds, secret, number)


@sensitive_post_parameters(*ANSWERS)
@require_POST
def code(request: HttpRequest, secret: UUID) -> HttpResponse:
    """The login's one-time code of this moment, with the seconds that it still holds."""
    actor = person(request)

    def opening(evidence: Evidence) -> ShownCode:
        return show_code(actor=actor, secret=secret, evidence=evidence)

    try:
        shown = with_evidence(request, opening, lambda: _asking(actor, secret, "Show the code", None))
    except SecretError as error:
        return error_response(request, error.status, str(error))
    if isinstance(shown, HttpResponse):
        return shown
    current = shown.code
    if wants_json(request):
        left = {"seconds_left": current.seconds_left, "period": current.period, "seconds": shown.seconds}
        return JsonResponse({"code": current.text, **left})
    response = secret_page(request, secret_for(actor, secret, Permission.SECRET_LIST), code=current)
    return _hidden_after(response, shown.seconds, secret, None)


@sensitive_post_parameters(*ANSWERS)
@require_POST
def download(request: HttpRequest, secret: UUID) -> HttpResponse:
    """The stored file, byte for byte, never as anything a browser would open (RFC 6266)."""
    actor = person(request)
    number = _number(request.POST.get("version", ""))

    def opening(evidence: Evidence) -> Download:
        return download_file(actor=actor, secret=secret, version=number, evidence=evidence)

    try:
        file = with_evidence(request, opening, lambda: _asking(actor, secret, "Download", number))
    except SecretError as error:
        return error_response(request, error.status, str(error))
    if isinstance(file, HttpResponse):
        return file
    disposition = content_disposition_header(as_attachment=True, filename=file.filename) or "attachment"
    headers = {"Content-Disposition": disposition}
    return HttpResponse(file.content, content_type="application/octet-stream", headers=headers)


def _asking(actor: User, uid: UUID, submit: str, number: int | None) -> Asking:
    """The page that asks for what opening the secret takes."""
    secret = secret_for(actor, uid, Permission.SECRET_LIST)
    return Asking(secret.organization, secret.name, _address(uid, number), submit=submit, secret=secret)


def secret_page(
    request: HttpRequest,
    secret: Secret,
    *,
    number: int | None = None,
    revealed: Revealed | None = None,
    code: Code | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a version (None: the current one), with what was revealed of it, if anything."""
    enter_organization(request, secret.organization)
    permitted = permitted_on(secret)
    shown_version = version_for_display(secret, secret.version if number is None else number)
    if shown_version is None:
        raise Http404
    rows = _rows(secret, shown_version, revealed)
    context: dict[str, Any] = {
        "secret": secret,
        "version": shown_version,
        "is_current": shown_version.number == secret.version,
        "kind": Kind(secret.kind),
        "tags": list(secret.tags.order_by("name")),
        "rows": rows,
        "revealable": sum(row.holds and not row.is_file for row in rows) > 1,
        "code": code,
        "permitted": permitted,
        "may_reveal": Permission.SECRET_REVEAL in permitted and secret.trashed_at is None,
        "may_write": Permission.SECRET_WRITE in permitted and secret.trashed_at is None,
        "may_delete": Permission.SECRET_DELETE in permitted,
        "may_purge": Permission.SECRET_PURGE in permitted,
        "why_sealed": why_sealed(secret),
        "ask_url": address_of_asking(secret.organization_id, Permission.SECRET_REVEAL, secret.audit_resource),
        "opening_form": _opening_form(person(request)),
        "nav": "trash" if secret.trashed_at else "secrets",
    }
    return render(request, "secrets/detail.html", context, status=status)


def _rows(secret: Secret, version: SecretVersion, revealed: Revealed | None) -> list[Row]:
    """The fields that hold something; for a generic value, whose only field may hold nothing, that one at least."""
    rows = []
    for field in FIELDS[Kind(secret.kind)]:
        holds = field.name in version.field_names
        if holds or len(FIELDS[Kind(secret.kind)]) == 1:
            value = revealed[field.name] if revealed is not None and field.name in revealed else None
            rows.append(Row(field, holds, value, _link(field, value)))
    return rows


def _shown(field: Field, revealed: Revealed) -> Mapping[str, object]:
    value = revealed[field.name]
    return {"name": field.name, "label": field.label, "value": value, "link": _link(field, value)}


def _link(field: Field, value: str | None) -> str | None:
    return link_target(value) if value and field.content is Content.URL else None


def _hidden_after(response: HttpResponse, seconds: int, secret: UUID, number: int | None) -> HttpResponse:
    """Without JavaScript a shown value goes away by the page leading back to the sealed one."""
    response.headers["Refresh"] = f"{max(seconds, 1)}; url={_address(secret, number)}"
    return response


def _opening_form(actor: User) -> EvidenceForm:
    """What the page's script asks, in the place of the value, where the server says that something is missing."""
    needed = EvidenceNeeded(step_up=True, reason=True)
    return EvidenceForm(person=actor, needed=needed, auto_id="opening_%s")


def _address(secret: UUID, number: int | None) -> str:
    """Where the sealed page of a version is."""
    if number is None:
        return reverse("secrets:detail", args=[secret])
    return reverse("secrets:version", args=[secret, number])


def _number(text: str) -> int | None:
    """The number of a version in a form; None when there is none. What is no number is a version that nobody has."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LAST_VERSION else 0
