"""A deactivated account is not named for break-glass, not offered for it, and gets no mail."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.sealing import change
from tests.vault.access.requests.conftest import Scene
from vault.access.errors import InvalidNaming
from vault.access.mails import mail_break_glass
from vault.access.models import BreakGlassPerson
from vault.access.services import break_glass, name_for_break_glass

pytestmark = pytest.mark.django_db


def name(scene: Scene, person: User) -> BreakGlassPerson:
    return name_for_break_glass(
        actor=scene.cast.alice, organization=scene.cast.acme, membership=scene.member(person).pk
    )


def test_it_is_not_named(scene: Scene) -> None:
    change([scene.cast.bob], is_active=False)
    with pytest.raises(InvalidNaming, match="deactivated"):
        name(scene, scene.cast.bob)
    assert not BreakGlassPerson.objects.exists()


def test_it_is_not_offered(scene: Scene, client_for: Callable[..., Client]) -> None:
    change([scene.cast.bob], is_active=False)
    page = client_for(scene.cast.alice).get(reverse("access:break_glass_name", args=[scene.cast.acme.uid]))
    offered = {str(value) for value, _ in page.context["form"].fields["membership"].choices}
    assert str(scene.member(scene.carol).pk) in offered
    assert str(scene.member(scene.cast.bob).pk) not in offered


def test_it_gets_no_mail(scene: Scene, settings: Any, mailoutbox: list[EmailMessage]) -> None:
    settings.EMAIL_CONFIGURED = True
    used = break_glass(actor=scene.cast.bob, person=name(scene, scene.cast.bob), reason="Fire")
    change([scene.cast.bob, scene.olga], is_active=False)
    used.membership.user.refresh_from_db()
    mail_break_glass(used)
    assert [each.to for each in mailoutbox] == [["alice@example.com"]]
