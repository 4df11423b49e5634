"""The support desk looks, at metadata, and every look is recorded. No address of it reaches a value or authority."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from accounts.models import Instance, RecoveryCode, Session, TOTPDevice, User
from accounts.support import SECRET_COLUMNS, MetadataAdmin, SupportSite, support_site
from audit.actions import ResourceKind
from audit.models import Event
from orgs.models import Project
from orgs.roles import Role
from orgs.services import create_project, invite_member
from tests.accounts.doors import recovery_codes_of, sign_in
from tests.cast import Cast
from tests.snapshot import Snapshot
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]
CANARY = "canary-7c1f0b9e-value"


def _make_world(cast: Cast) -> Cast:
    """A vault in use: a secret, an invitation, second factors, recovery codes, sessions."""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Office")
    environment = project.environments.get()
    create_secret(
        actor=cast.alice, environment=environment, kind=Kind.VALUE, name="Door code", values={"value": CANARY}
    )
    for person in (cast.alice, cast.bob):
        recovery_codes_of(person)
    return cast


_world = Snapshot(_make_world)


@pytest.fixture
def world(cast: Cast) -> Cast:
    return _world(cast)


@pytest.fixture
def sams(world: Cast, client_for: ClientFor) -> Client:
    return client_for(world.sam)


def rows() -> Iterator[tuple[Any, models.Model]]:
    for model, model_admin in support_site._registry.items():
        for row in model._default_manager.all():
            yield model_admin, row


def pages() -> Iterator[str]:
    """Every page of the desk, found through what is registered."""
    yield reverse("admin:index")
    for model_admin in support_site._registry.values():
        assert isinstance(model_admin, MetadataAdmin)
        yield reverse(f"admin:{model_admin.url_prefix}_changelist")
    for model_admin, row in rows():
        yield reverse(f"admin:{model_admin.url_prefix}_change", args=[row.pk])


def secrets_of(world: Cast, invitation_link: str, codes: list[str]) -> list[str]:
    """Everything that no page may show."""
    hashes = list(User.objects.values_list("password", flat=True))
    return [
        CANARY,
        invitation_link.partition("#")[2],
        *codes,
        *(device.key for device in TOTPDevice.objects.all()),
        *hashes,
        *(encoded.rpartition("$")[2] for encoded in hashes),
        *(bytes(mac).hex() for mac in RecoveryCode.objects.values_list("mac", flat=True)),
        *Session.objects.values_list("session_key", flat=True),
        *Session.objects.values_list("session_data", flat=True),
    ]


def test_it_shows_no_secret_on_any_page(world: Cast, sams: Client) -> None:
    invited = invite_member(actor=world.alice, organization=world.acme, email="new@example.com", role=Role.MEMBER)
    forbidden = secrets_of(world, invited.link, recovery_codes_of(world.bob))
    visited = 0
    for page in pages():
        for address in (page, f"{page}?q=a", f"{page}?o=1", f"{page}?p=1", f"{page}?all=", f"{page}?e=1"):
            response = sams.get(address)
            text = response.content.decode()
            assert response.status_code == 200 or address != page
            assert not [secret for secret in forbidden if secret and secret in text], address
        visited += 1
    assert visited > 20


def test_it_registers_what_support_needs_and_nothing_that_holds_a_value() -> None:
    shown = {model._meta.label for model in support_site._registry}
    assert {"accounts.User", "orgs.Organization", "orgs.Membership", "orgs.Invitation"} <= shown
    assert not shown & {
        "accounts.TOTPDevice",
        "accounts.RecoveryCode",
        "accounts.RecoveryDevice",
        "accounts.Session",
        "accounts.Instance",
        "secrets.SecretVersion",
        "keys.WrappedKey",
        "auth.Group",
        "auth.Permission",
        "admin.LogEntry",
        "contenttypes.ContentType",
        "vault.Counter",
    }
    assert isinstance(admin.site._wrapped, SupportSite)  # type: ignore[attr-defined]  # a LazyObject


def test_it_names_no_column_that_holds_a_secret() -> None:
    for model, model_admin in support_site._registry.items():
        for name in (*(model_admin.fields or ()), *model_admin.list_display, *model_admin.search_fields):
            assert str(name).rpartition("__")[2] not in SECRET_COLUMNS, model


@pytest.mark.parametrize(
    "options",
    [
        {"fields": ("password",), "list_display": ("email",)},
        {"fields": ("email",), "list_display": ("password",)},
        {"fields": ("email",), "list_display": ("email",), "search_fields": ("password",)},
        {"fields": ("email",), "list_display": ("email",), "search_fields": ("authenticators__key",)},
        {"fields": ("email",), "list_display": ("email",), "list_filter": ("sessions__session_key",)},
        {"fields": ("email",), "list_display": ("email",), "ordering": ("-password",)},
        {"list_display": ("email",)},
        {"fields": ("email",)},
    ],
)
def test_it_refuses_a_table_that_would_show_one(options: dict[str, Any]) -> None:
    careless = type("Careless", (MetadataAdmin,), {"resource_kind": ResourceKind.ACCOUNT, **options})
    with pytest.raises(ImproperlyConfigured):
        careless(User, support_site)


def test_it_refuses_a_table_of_the_stock_kind() -> None:
    with pytest.raises(ImproperlyConfigured):
        support_site.register(Instance, admin.ModelAdmin)
    with pytest.raises(ImproperlyConfigured):
        support_site.register(Instance)


def columns(model: type[models.Model], depth: int = 2) -> Iterator[str]:
    """Every path to a column, over relations in both directions."""
    for field in model._meta.get_fields():
        yield field.name
        related = field.related_model
        if depth > 1 and isinstance(related, type):
            yield from (f"{field.name}__{name}" for name in columns(related, depth - 1))


def test_it_refuses_every_lookup_that_no_filter_offers(world: Cast, sams: Client) -> None:
    asked = 0
    for model, model_admin in support_site._registry.items():
        assert isinstance(model_admin, MetadataAdmin)
        page = reverse(f"admin:{model_admin.url_prefix}_changelist")
        offered = {str(name) for name in model_admin.list_filter}
        for column in columns(model):
            for lookup in ("__startswith", "__regex", "__gt", "__in", "__contains", "__length", "__exact", ""):
                if column in offered and lookup in ("", "__exact"):
                    continue
                assert not model_admin.lookup_allowed(f"{column}{lookup}", "a")
                asked += 1
        for column in ("password", "pk", "email", "name", "user__password", "sessions__session_key", "uid"):
            response = sams.get(page, {f"{column}__startswith": "a"})
            assert response.status_code == 400, (page, column)
    assert asked > 500


@pytest.mark.parametrize(
    "parameter",
    [
        "_popup=1",
        "_to_field=password",
        "_to_field=email",
        "_facets=",
        "_changelist_filters=x",
        "q=%00",
        "q=" + "a" * 101,
        "is_active__exact=maybe",
        "is_active__exact=%00",
    ],
)
def test_it_refuses_parameters_of_what_is_not_here(world: Cast, sams: Client, parameter: str) -> None:
    assert sams.get(f"{reverse('admin:accounts_user_changelist')}?{parameter}").status_code == 400


@pytest.mark.parametrize("parameter", ["_popup=1", "_to_field=password", "_facets="])
def test_it_refuses_them_on_the_page_of_a_row_too(world: Cast, sams: Client, parameter: str) -> None:
    page = reverse("admin:accounts_user_change", args=[world.bob.pk])
    assert sams.get(f"{page}?{parameter}").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "login/",
        "logout/",
        "password_change/",
        "password_change/done/",
        "jsi18n/",
        "autocomplete/",
        "autocomplete/?app_label=accounts&model_name=totpdevice&field_name=user&term=a",
        "accounts/",
        "r/1/1/",
        "accounts/user/add/",
        "accounts/totpdevice/",
        "accounts/session/",
        "auth/group/",
        "auth/user/",
        "admin/logentry/",
        "secrets/secretversion/",
        "keys/wrappedkey/",
        "accounts/user/{pk}/history/",
        "accounts/user/{pk}/delete/",
        "accounts/user/{pk}/change/",
        "accounts/user/{pk}/password/",
        "accounts/user/export/",
        "accounts/user/nobody/",
        "accounts/user/00000000-0000-0000-0000-000000000000/",
    ],
)
def test_it_has_no_other_address(world: Cast, sams: Client, address: str) -> None:
    for method in (sams.get, sams.post):
        response = method("/support/" + address.format(pk=world.bob.pk))
        assert response.status_code in {404, 405}, response.content[:200]


def changeable() -> dict[str, list[Any]]:
    """Every row of every table but the log, the sessions and the counters, as they are now."""
    left_out = {"audit.Event", "accounts.Session", "vault.Counter"}
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label not in left_out and model._meta.managed
    }


def test_it_changes_nothing_by_any_request(world: Cast, sams: Client) -> None:
    before = changeable()
    everything = {field.name: "1" for field in User._meta.concrete_fields} | {
        "_save": "1",
        "_continue": "1",
        "_addanother": "1",
        "_saveasnew": "1",
        "action": "delete_selected",
        "_selected_action": str(world.bob.pk),
        "index": "0",
        "post": "yes",
        "select_across": "1",
        "is_support": "on",
        "is_instance_admin": "on",
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "0",
    }
    for page in pages():
        for method in (sams.post, sams.put, sams.patch, sams.delete):
            assert method(page, everything).status_code == 405, page
        assert sams.get(page, {"action": "delete_selected"}).status_code in {200, 400}
    assert changeable() == before
    assert not LogEntry.objects.exists()


def test_it_records_every_look(world: Cast, sams: Client) -> None:
    for model_admin, row in rows():
        sams.get(reverse(f"admin:{model_admin.url_prefix}_change", args=[row.pk]))
        event = Event.objects.latest("id")
        assert (event.action, event.actor_id) == ("support.viewed", str(world.sam.uid))
        assert (event.resource_id, event.resource_kind) == (str(row.pk), str(model_admin.resource_kind))
        assert event.details["model"] == row._meta.label
        belongs_to = getattr(row, "organization_id", None)
        assert belongs_to is None or event.organization_id == belongs_to


def test_it_records_every_search_and_list(world: Cast, sams: Client) -> None:
    page = reverse("admin:accounts_user_changelist")
    sams.get(page)
    assert Event.objects.latest("id").action == "support.viewed"
    found = sams.get(page, {"q": "bob"})
    assert "bob@example.com" in found.content.decode()
    assert "vera@example.com" not in found.content.decode()
    event = Event.objects.latest("id")
    assert (event.action, event.details) == ("support.searched", {"model": "accounts.User", "query": "bob"})


def test_it_shows_nothing_when_the_look_cannot_be_recorded(
    world: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit.services import EventNotWritten

    def fail(**_: object) -> None:
        raise EventNotWritten

    client = client_for(world.sam)
    client.raise_request_exception = False
    monkeypatch.setattr("accounts.support.record", fail)
    response = client.get(reverse("admin:accounts_user_change", args=[world.bob.pk]))
    assert response.status_code == 503
    assert b"bob@example.com" not in response.content


def test_it_finds_a_person_by_every_spelling(world: Cast, sams: Client) -> None:
    for query in ("Bob", "BOB@EXAMPLE", "bob@example.com"):
        assert "bob@example.com" in sams.get(reverse("admin:accounts_user_changelist"), {"q": query}).content.decode()


def test_it_shows_what_signing_in_runs_into_and_unlocks(world: Cast, sams: Client) -> None:
    TOTPDevice.objects.filter(user=world.bob).delete()
    for _ in range(12):
        sign_in(Client(), world.bob.email, "wrong", REMOTE_ADDR="203.0.113.77")
    page = reverse("admin:accounts_user_change", args=[world.bob.pk])
    text = sams.get(page).content.decode()
    assert "wrong password" in text
    assert "closed for this account at one address" in text
    assert "203.0.113.77" not in text
    response = sams.post(reverse("admin:accounts_user_unlock", args=[world.bob.pk]))
    assert response["Location"] == page
    event = Event.objects.latest("id")
    assert (event.action, event.actor_id, event.resource_id) == (
        "account.unlocked",
        str(world.sam.uid),
        str(world.bob.uid),
    )
    text = sams.get(page).content.decode()
    assert "No limit holds" in text
    assert "is unlocked" in text
    assert sign_in(Client(), world.bob.email, REMOTE_ADDR="203.0.113.77").status_code == 302


def test_it_unlocks_by_post_with_protection_only(world: Cast, client_for: ClientFor) -> None:
    client = client_for(world.sam, enforce_csrf_checks=True)
    address = reverse("admin:accounts_user_unlock", args=[world.bob.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 403
    world.bob.refresh_from_db()
    assert world.bob.limiter_epoch == 0


def test_it_asks_the_database_no_more_for_more_people(world: Cast, sams: Client) -> None:
    from django.test.utils import CaptureQueriesContext

    page = reverse("admin:accounts_user_changelist")
    sams.get(page)
    with CaptureQueriesContext(connection) as few:
        sams.get(page)
    for number in range(40):
        User.objects.create(email=f"p{number}@example.com", email_key=f"p{number}@example.com", name=f"P {number}")
    with CaptureQueriesContext(connection) as many:
        sams.get(page)
    assert len(many) == len(few)


def test_it_turns_pages(world: Cast, sams: Client) -> None:
    page = reverse("admin:accounts_user_changelist")
    assert "p=2" not in sams.get(page, {"p": "9"}).content.decode()
    for number in range(60):
        User.objects.create(email=f"p{number}@example.com", email_key=f"p{number}@example.com", name=f"P {number}")
    assert 'href="?p=2"' in sams.get(page).content.decode()
    assert 'href="?p=1"' in sams.get(page, {"p": "2"}).content.decode()
    assert sams.get(page, {"p": "99"}).status_code == 400
    assert sams.get(page, {"all": ""}).content.decode().count("table__main") <= 50


def test_it_loads_no_script_or_style_of_the_stock_admin(world: Cast, sams: Client) -> None:
    for page in pages():
        text = sams.get(page).content.decode()
        assert "/static/admin/" not in text
        assert "style=" not in text
        assert "<script>" not in text


def test_it_has_one_address_for_each_purpose() -> None:
    def names(resolver: URLResolver) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                yield from names(pattern)
            elif pattern.name:
                yield pattern.name

    desk = next(
        pattern
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin"
    )
    suffixes = {name.rpartition("_")[2] for name in names(desk)}
    assert suffixes == {"index", "changelist", "change", "unlock"}
