"""One's own account: name and theme, and what is shown."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from tests.cast import Cast

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


def test_it_renames(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.bob)
    assert client.post(reverse("accounts:profile"), {"name": "  Robert  Tables "}).status_code == 302
    cast.bob.refresh_from_db()
    assert cast.bob.name == "Robert Tables"
    event = Event.objects.filter(action="account.renamed").get()
    assert event.details == {"from": "Bob", "to": "Robert Tables"}


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb", "a\u0007b", "x" * 101, "\u200b", "x" * 10_000])
def test_it_refuses_names_that_cannot_be_read(cast: Cast, client_for: ClientFor, name: str) -> None:
    response = client_for(cast.bob).post(reverse("accounts:profile"), {"name": name})
    assert response.status_code == 422
    assert "Your name" in response.content.decode()
    cast.bob.refresh_from_db()
    assert cast.bob.name == "Bob"


def test_it_takes_nothing_but_the_name(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.bob)
    cast.bob.refresh_from_db()
    before = {f.attname: getattr(cast.bob, f.attname) for f in cast.bob._meta.concrete_fields}
    data = {**dict.fromkeys(before, "1"), "name": "Robert", "is_support": "on", "is_instance_admin": "on"}
    client.post(reverse("accounts:profile"), data)
    cast.bob.refresh_from_db()
    after = {f.attname: getattr(cast.bob, f.attname) for f in cast.bob._meta.concrete_fields}
    assert {name for name in before if before[name] != after[name]} == {"name"}


@pytest.mark.parametrize("theme", ["system", "light", "dark"])
def test_it_keeps_the_theme_in_a_cookie(client: Client, theme: str) -> None:
    response = client.post(reverse("accounts:theme"), {"theme": theme, "next": "/sign-in/"})
    assert response["Location"] == "/sign-in/"
    cookie = client.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["max-age"]) == (theme, "Lax", 31536000)
    assert f'data-theme="{theme}"' in client.get(reverse("accounts:sign_in")).content.decode()


def test_it_refuses_another_theme(client: Client) -> None:
    assert client.post(reverse("accounts:theme"), {"theme": "pink"}).status_code == 400
    assert client.post(reverse("accounts:theme"), {"theme": "dark", "next": "//evil"})["Location"] == reverse("home")
    assert client.get(reverse("accounts:theme")).status_code == 405


@pytest.mark.parametrize("value", ['"><script>alert(1)</script>', "pink", ""])
def test_it_shows_nothing_that_the_cookie_makes_up(client: Client, value: str) -> None:
    client.cookies["theme"] = value
    page = client.get(reverse("accounts:sign_in")).content.decode()
    assert 'data-theme="system"' in page
    assert "alert(1)" not in page


def test_it_shows_the_pages_of_staff_and_administrators_to_them_alone(cast: Cast, client_for: ClientFor) -> None:
    page = reverse("accounts:profile")
    desk, instance = reverse("admin:index").encode(), reverse("accounts:instance").encode()
    expected = ((cast.bob, False, False), (cast.sam, True, False), (cast.alice, False, True))
    for person, has_desk, has_instance in expected:
        content = client_for(person).get(page).content
        assert (desk in content, instance in content) == (has_desk, has_instance)
