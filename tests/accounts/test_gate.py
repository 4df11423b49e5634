"""Every combination of who asks and what a view asks for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils.decorators import method_decorator
from django.views import View

from accounts.gate import Gate, gate_of, public, signed_in_only
from accounts.models import Instance
from tests.cast import Cast, authenticator_of, signed_in_client
from tests.sealing import change
from vault import urls as project_urls

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


def says_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@public
def lets_everybody(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@signed_in_only
def lets_signed_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@method_decorator(public, name="dispatch")
class LetsEverybody(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")


urlpatterns = [
    path("verified/", says_nothing),
    path("public/", lets_everybody),
    path("class/", LetsEverybody.as_view()),
    path("signed-in/", lets_signed_in),
    *project_urls.urlpatterns,
]

IN, SIGN_IN, CODE, ENROL = "in", "accounts:sign_in", "accounts:sign_in_code", "accounts:second_factor_enrol"

# who, has a device, instance asks everybody for one → what happens at a view that is public, signed-in only, verified
MATRIX = [
    ("stranger", False, True, IN, SIGN_IN, SIGN_IN),
    ("stranger", False, False, IN, SIGN_IN, SIGN_IN),
    ("unverified", False, True, IN, IN, ENROL),
    ("unverified", False, False, IN, IN, IN),
    ("unverified", True, True, IN, CODE, CODE),
    ("unverified", True, False, IN, CODE, CODE),
    ("verified", True, True, IN, IN, IN),
    ("verified", True, False, IN, IN, IN),
]


@pytest.mark.parametrize(("who", "device", "required", "at_public", "at_signed_in", "at_verified"), MATRIX)
@override_settings(ROOT_URLCONF=__name__)
def test_it_lets_through_whom_the_view_lets(
    cast: Cast, who: str, device: bool, required: bool, at_public: str, at_signed_in: str, at_verified: str
) -> None:
    change(Instance, second_factor_required=required)
    client = Client() if who == "stranger" else signed_in_client(cast.bob, verified=who == "verified")
    if device:
        authenticator_of(cast.bob)
    for address, expected in (
        ("/public/", at_public),
        ("/class/", at_public),
        ("/signed-in/", at_signed_in),
        ("/verified/", at_verified),
    ):
        for response in (client.get(address + "?a=1"), client.post(address) if address != "/class/" else None):
            if response is None:
                continue
            if expected == IN:
                assert response.status_code == 200
                assert response.content == b"in"
            else:
                assert response.status_code == 302
                assert response["Location"].startswith(reverse(expected))
        if expected != IN:
            assert client.get(address + "?a=1")["Location"].endswith(f"next={address.replace('/', '%2F')}%3Fa%3D1")
            assert "next" not in client.post(address)["Location"]


@pytest.mark.parametrize(
    ("who", "device", "status"), [("stranger", False, 401), ("unverified", False, 403), ("unverified", True, 403)]
)
@override_settings(ROOT_URLCONF=__name__)
def test_it_tells_programs_by_status(cast: Cast, who: str, device: bool, status: int) -> None:
    client = Client() if who == "stranger" else signed_in_client(cast.bob, verified=False)
    if device:
        authenticator_of(cast.bob)
    response = client.get("/verified/", HTTP_ACCEPT="application/json")
    assert response.status_code == status
    assert response.json()["error"]


@override_settings(ROOT_URLCONF=__name__)
def test_it_takes_no_device_of_somebody_else_for_verification(cast: Cast) -> None:
    client = signed_in_client(cast.bob, verified=False)
    session = client.session
    session["otp_device_id"] = authenticator_of(cast.vera).persistent_id
    session.save()
    assert client.get("/verified/").status_code == 302


@override_settings(ROOT_URLCONF=__name__)
def test_it_takes_no_unconfirmed_device_for_verification(cast: Cast) -> None:
    device = authenticator_of(cast.bob)
    client = signed_in_client(cast.bob)
    assert client.get("/verified/").status_code == 200
    device.confirmed = False
    device.save()
    assert client.get("/verified/").status_code == 302


@override_settings(ROOT_URLCONF=__name__)
def test_it_fails_closed_without_the_row_of_the_instance(cast: Cast) -> None:
    Instance.objects.all().delete()
    assert signed_in_client(cast.bob, verified=False).get("/verified/").status_code == 302


# What strangers may reach, and what a password alone may reach. A new address needs no entry: it asks for everything.
OPEN = {
    "accounts:sign_in",
    "accounts:sign_in_code",
    "accounts:sign_in_recovery",
    "accounts:sign_out",
    "accounts:theme",
    "orgs:setup",
    "orgs:join",
    "orgs:join_account",
}
FOR_MACHINES = {"healthz", "readyz"}
PASSWORD_ONLY = {"accounts:second_factor_enrol", "accounts:second_factor_confirm"}


def views(resolver: URLResolver, prefix: str = "") -> dict[str, Callable[..., object]]:
    found: dict[str, Callable[..., object]] = {}
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            name = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found |= views(pattern, name)
        elif isinstance(pattern, URLPattern):
            found[f"{prefix}{pattern.name or pattern.pattern}"] = pattern.callback
    return found


def test_it_knows_every_address_that_asks_for_less() -> None:
    asked = {name: gate_of(view) for name, view in views(get_resolver()).items()}
    assert {name for name, gate in asked.items() if gate is Gate.PUBLIC} <= OPEN
    assert {name for name, gate in asked.items() if gate is Gate.SESSIONLESS} == FOR_MACHINES
    assert {name for name, gate in asked.items() if gate is Gate.SIGNED_IN} == PASSWORD_ONLY
    assert Gate.VERIFIED in asked.values()


def test_it_asks_every_address_of_accounts(client: Client) -> None:
    for name in views(get_resolver()):
        if name.startswith("accounts:") and name not in OPEN:
            for response in (client.get(reverse(name)), client.post(reverse(name))):
                assert response.status_code == 302
                assert response["Location"].startswith(reverse("accounts:sign_in"))


def test_it_reads_the_gate_nowhere_but_in_its_module() -> None:
    root = Path(__file__).resolve().parents[2]
    for file in [*root.glob("accounts/**/*.py"), *root.glob("orgs/**/*.py"), *root.glob("vault/**/*.py")]:
        if file.name != "gate.py":
            assert ".gate =" not in file.read_text(encoding="utf-8"), file
