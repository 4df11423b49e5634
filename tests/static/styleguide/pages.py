"""The pages of the styleguide, with names that are short, long, unbroken and not Latin."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import segno
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

TEMPLATES = Path(__file__).resolve().parent / "templates" / "styleguide"
PAGES = sorted(template.stem for template in TEMPLATES.glob("*.html") if template.stem != "contents")
ERRORS = (400, 403, 404, 405, 413, 415, 429, 500, 503)
LONG = "An organization whose name goes on for the eighty characters that it may have, all of it"
UNBROKEN = "NEXT_PUBLIC_VERY_LONG_ENVIRONMENT_VARIABLE_NAME_WITHOUT_ANY_SPACE_IN_IT_AT_ALL_0123456789"
PEM = (
    "-----BEGIN CERTIFICATE-----\n"
    + "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n" * 8
    + "-----END CERTIFICATE-----"
)
CODES = "k7qd-93mx p2wz-8hna tt4c-m6yr 9xbe-3vkq a8ns-j5ud w6rf-c2gp h3mt-7zxa q9kv-e4bw d5py-n8sc z2gj-u7fh"


@dataclass(frozen=True)
class Organization:
    """As much of an organization as the shell shows."""

    name: str
    uid: UUID = field(default=UUID("5a2f3f43-7d0f-4f6e-9d3f-0d6f4c1f7a11"))


ORGANIZATIONS = [
    Organization("Harbour & Sons"),
    Organization(LONG, UUID(int=2)),
    Organization("数据保管库", UUID(int=3)),
]
SECRETS = [
    ("STRIPE_API_KEY", "Live key of the shop", "API key", "key-round", "Website / Production", ["prod", "payments"]),
    ("Router in the office", "Admin login of the gateway on the second floor", "Login", "globe", "Office", []),
    (UNBROKEN, "", "Value", "square-asterisk", "Website / Staging", ["staging"]),
    ("orders/primary", "The order service. " * 6, "Database", "database", "Orders / Production", ["prod", "db", "pci"]),
    ("deploy@build-01", "Ed25519, used by the pipeline", "SSH key", "terminal", "Infrastructure", []),
    ("*.example.com", "Wildcard, renewed in May", "Certificate", "file-badge", "Infrastructure", ["tls"]),
    ("संयुक्त खाता", "ملاحظة عن الحساب المشترك", "Note", "sticky-note", "Office", []),
]


class SampleForm(forms.Form):
    """Every kind of control."""

    name = forms.CharField(help_text="Letters, digits, / and _. Everybody who may list the project sees it.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    host = forms.CharField()
    port = forms.IntegerField(initial=5432)
    password = forms.CharField(widget=forms.PasswordInput(attrs={"class": "mono", "autocomplete": "new-password"}))
    role = forms.ChoiceField(
        choices=[("a", "Admin"), ("m", "Member"), ("v", "Viewer")], help_text="A viewer sees names, never values."
    )
    kind = forms.ChoiceField(
        choices=[("s", "Shared passwords"), ("c", "Application configuration")], widget=forms.RadioSelect
    )
    notify = forms.MultipleChoiceField(
        choices=[("e", "E-mail"), ("w", "Webhook")], widget=forms.CheckboxSelectMultiple, required=False
    )
    strict = forms.BooleanField(
        label="Require two factors", help_text="For everybody, at the next sign-in.", required=False
    )
    file = forms.FileField(required=False, help_text="At most 1 MiB.")
    code = forms.CharField(widget=forms.TextInput(attrs={"class": "code-input", "inputmode": "numeric"}))


class SignInForm(forms.Form):
    """A form that never lets anybody in."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))

    def clean(self) -> None:
        raise forms.ValidationError("The e-mail or the password is not right.")


class JoinForm(forms.Form):
    """A form whose token comes behind the # of a link."""

    token = forms.CharField(label="Invitation code", widget=forms.TextInput(attrs={"data-from-fragment": ""}))
    name = forms.CharField(label="Your name")


class SomebodyMiddleware:
    """Signs somebody in, for the account menu."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleNamespace(name="Alice Stone", email="alice@example.com")  # type: ignore[assignment]  # a stand-in
        return self.get_response(request)


def qr() -> SafeString:
    """A QR code as the enrolment shows it."""
    made = segno.make(
        "otpauth://totp/Holdfast:alice@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast"
    )
    return mark_safe(made.svg_inline(scale=4, omitsize=True, border=0))  # noqa: S308  # made here, from a constant


def samples(request: HttpRequest) -> dict[str, object]:
    """What the pages show. In the query: theme, long, messages, bad, nowhere."""
    now = timezone.now()
    wrong = {"name": "", "description": "kept as it was typed", "port": "many", "role": "x", "kind": "", "code": "12"}
    messages = [
        Message(constants.SUCCESS, "STRIPE_API_KEY was saved as version 4."),
        Message(constants.ERROR, f"{UNBROKEN} could not be saved: somebody else changed it. Open it again."),
    ]
    days = (timedelta(), timedelta(minutes=-4), timedelta(days=-1, hours=-3), timedelta(days=3), timedelta(days=-400))
    bad = "bad" in request.GET
    return {
        "request": request,
        "nav": "secrets",
        "theme": request.GET.get("theme", "system"),
        "organizations": ORGANIZATIONS,
        "organization": None if "nowhere" in request.GET else ORGANIZATIONS["long" in request.GET],
        "correlation_id": "01f3a9c27be45d60",
        "messages": messages if "messages" in request.GET else [],
        "form": SampleForm(wrong) if bad else SampleForm(),
        "sign_in_form": SignInForm({"email": "alice@example.com", "password": "x"}) if bad else SignInForm(),
        "join_form": JoinForm(),
        "steps": ["Password", "Second factor", "Recovery codes"],
        "secrets": [(*row, now - timedelta(hours=5 * number**3, minutes=3)) for number, row in enumerate(SECRETS)],
        "moments": [*(now + distance for distance in days), None],
        "qr": qr(),
        "codes": CODES.split(),
        "long": LONG,
        "unbroken": UNBROKEN,
        "pem": PEM,
    }


def contents(request: HttpRequest) -> HttpResponse:
    """What there is to look at."""
    return render(request, "styleguide/contents.html", {**samples(request), "pages": PAGES, "errors": ERRORS})


def page(request: HttpRequest, page: str) -> HttpResponse:
    """One page of the styleguide: ?theme=light|dark, ?long, ?messages, ?bad, ?nowhere."""
    return render(request, f"styleguide/{page}.html", samples(request))


def error(request: HttpRequest, status: int) -> HttpResponse:
    """An error page as it stands, in a 200 so that nobody mistakes it for one."""
    shown = {"correlation_id": "01f3a9c27be45d60", "retry_after": 95, "theme": request.GET.get("theme")}
    return render(request, f"errors/{status}.html", shown)


def palette(request: HttpRequest) -> JsonResponse:
    """What the command palette asks for."""
    typed = request.GET.get("q", "").lower()
    found = [
        {"label": name, "detail": f"{kind} in {place}", "url": f"/styleguide/secret/?found={number}", "icon": icon}
        for number, (name, _, kind, icon, place, _) in enumerate(SECRETS)
        if typed and typed in name.lower()
    ]
    return JsonResponse({"results": found})
