"""The pages of the styleguide, with names that are short, long, unbroken and not Latin."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import segno
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

LONG = "An organization whose name goes on for the eighty characters that it may have, all of it"
UNBROKEN = "NEXT_PUBLIC_VERY_LONG_ENVIRONMENT_VARIABLE_NAME_WITHOUT_ANY_SPACE_IN_IT_AT_ALL_0123456789"


@dataclass(frozen=True)
class Organization:
    name: str
    role: str = "Owner"
    uid: UUID = field(default=UUID("5a2f3f43-7d0f-4f6e-9d3f-0d6f4c1f7a11"))


ORGANIZATIONS = [
    Organization("Harbour & Sons"),
    Organization(LONG, "Member", UUID(int=2)),
    Organization("数据保管库", "Viewer", UUID(int=3)),
]
SECRETS = [
    ("STRIPE_API_KEY", "Live key of the shop", "API key", "key-round", "Website / Production", ["prod", "payments"]),
    ("Router in the office", "Admin login of the gateway on the second floor", "Login", "globe", "Office", []),
    (UNBROKEN, "", "Value", "square-asterisk", "Website / Staging", ["staging"]),
    (
        "orders/primary",
        "Connection of the order service. " * 4,
        "Database",
        "database",
        "Orders / Production",
        ["prod", "db", "critical", "pci"],
    ),
    ("deploy@build-01", "Ed25519, used by the pipeline", "SSH key", "terminal", "Infrastructure", []),
    ("*.example.com", "Wildcard, renewed in May", "Certificate", "file-badge", "Infrastructure", ["tls"]),
    ("संयुक्त खाता", "ملاحظة عن الحساب المشترك", "Note", "sticky-note", "Office", []),
]


class SampleForm(forms.Form):
    """Every kind of control."""

    name = forms.CharField(help_text="Letters, digits, / and _. It is shown to everybody who may list the project.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    host = forms.CharField()
    port = forms.IntegerField(initial=5432)
    password = forms.CharField(widget=forms.PasswordInput(attrs={"class": "mono"}))
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
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))

    def clean(self) -> None:
        raise forms.ValidationError("The e-mail or the password is not right.")


class JoinForm(forms.Form):
    token = forms.CharField(label="Invitation code", widget=forms.TextInput(attrs={"data-from-fragment": ""}))
    name = forms.CharField(label="Your name")


def qr() -> SafeString:
    made = segno.make(
        "otpauth://totp/Holdfast:alice@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast"
    )
    return mark_safe(made.svg_inline(scale=4, omitsize=True, border=0))  # noqa: S308  # made here, from a constant


def context(request: HttpRequest) -> dict[str, object]:
    now = timezone.now()
    return {
        "request": request,
        "nav": "secrets",
        "theme": request.GET.get("theme", "system"),
        "organizations": ORGANIZATIONS,
        "organization": ORGANIZATIONS["long" in request.GET],
        "correlation_id": "01J9Z3M0A7",
        "messages": [
            Message(constants.SUCCESS, "STRIPE_API_KEY was saved as version 4."),
            Message(constants.ERROR, f"{UNBROKEN} could not be saved: somebody else changed it. Open it again."),
        ]
        if "messages" in request.GET
        else [],
        "form": SampleForm(),
        "bad_form": SampleForm(
            {"name": "", "description": "kept as it was typed", "port": "many", "role": "x", "kind": "", "code": "12"}
        ),
        "sign_in_form": SignInForm({"email": "alice@example.com", "password": "x"})
        if "bad" in request.GET
        else SignInForm(),
        "join_form": JoinForm(),
        "steps": ["Password", "Second factor", "Recovery codes"],
        "secrets": [(*row, now - timedelta(hours=5 * number**3, minutes=3)) for number, row in enumerate(SECRETS)],
        "moments": [
            now,
            now - timedelta(minutes=4),
            now - timedelta(days=1, hours=3),
            now + timedelta(days=3),
            now - timedelta(days=400),
            None,
        ],
        "qr": qr(),
        "codes": [
            "k7qd-93mx",
            "p2wz-8hna",
            "tt4c-m6yr",
            "9xbe-3vkq",
            "a8ns-j5ud",
            "w6rf-c2gp",
            "h3mt-7zxa",
            "q9kv-e4bw",
            "d5py-n8sc",
            "z2gj-u7fh",
        ],
        "long": LONG,
        "unbroken": UNBROKEN,
        "pem": "-----BEGIN CERTIFICATE-----\n"
        + "\n".join(["MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ"] * 8)
        + "\n-----END CERTIFICATE-----",
    }


def page(request: HttpRequest, page: str) -> HttpResponse:
    """One page of the styleguide: ?theme=light|dark, ?long, ?messages, ?bad."""
    return render(request, f"styleguide/{page}.html", context(request))


def error(request: HttpRequest, status: int) -> HttpResponse:
    """An error page as it stands."""
    return render(
        request,
        f"errors/{status}.html",
        {"correlation_id": "01J9Z3M0A7", "retry_after": 95, "theme": request.GET.get("theme")},
        status=status,
    )


def palette(request: HttpRequest) -> JsonResponse:
    """What the command palette asks for."""
    typed = request.GET.get("q", "").lower()
    found = [
        {"label": name, "detail": f"{kind} in {place}", "url": f"/styleguide/secret/?{name}", "icon": icon}
        for name, _, kind, icon, place, _ in SECRETS
        if typed in name.lower()
    ]
    return JsonResponse({"results": found if typed else []})
