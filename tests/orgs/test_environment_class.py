"""The class of an environment, and of all that inherits it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.actions import Action, Risk
from audit.models import Event
from orgs.classification import Classification
from orgs.errors import LoweringNotConfirmed, ProofNeeded
from orgs.models import Environment, Project
from orgs.permissions import AccessDenied
from orgs.services import classify_environment, create_project
from tests.accounts.doors import code_of
from tests.cast import Cast, authenticator_of
from tests.vault.secrets.classified import classify, proof_of
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

ClientFor = Callable[..., Client]
INTERNAL, SENSITIVE, CRITICAL = Classification


@pytest.fixture
def production(cast: Cast) -> Environment:
    """Of an application, with two secrets that inherit its class and one that has its own."""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
    environment = project.environments.get(name="Production")
    for name, own in (("A", None), ("B", None), ("C", SENSITIVE)):
        create_secret(
            actor=cast.alice, environment=environment, kind=Kind.VALUE, name=name, classification=own,
            values={"value": "v"},
        )  # fmt: skip
    return environment


def test_raising_is_an_event_that_says_how_many_it_is_about(cast: Cast, production: Environment) -> None:
    assert classify_environment(actor=cast.adam, environment=production, classification=CRITICAL).classification == 3
    event = Event.objects.latest("id")
    assert (event.action, event.risk) == (Action.ENVIRONMENT_CLASSIFIED, Risk.MEDIUM)
    assert event.details == {"project": "Website", "from": "internal", "to": "critical", "count": 2}
    count = Event.objects.count()
    classify_environment(actor=cast.adam, environment=production, classification=CRITICAL)
    assert Event.objects.count() == count


def test_lowering_takes_a_confirmation_and_a_fresh_proof(cast: Cast, production: Environment) -> None:
    classify(production, CRITICAL)
    lower: dict[str, Any] = {"actor": cast.adam, "environment": production, "classification": INTERNAL}
    with pytest.raises(LoweringNotConfirmed, match="2 secrets would be protected less"):
        classify_environment(**lower, proof=proof_of(cast.adam))
    for poor in (None, proof_of(cast.adam, age=301), proof_of(cast.alice)):
        with pytest.raises(ProofNeeded):
            classify_environment(**lower, confirmed=True, proof=poor)
    classify_environment(**lower, confirmed=True, proof=proof_of(cast.adam))
    event = Event.objects.latest("id")
    assert (event.action, event.risk) == (Action.ENVIRONMENT_DECLASSIFIED, Risk.HIGH)


def test_an_empty_one_asks_for_the_proof_alone(cast: Cast, production: Environment) -> None:
    empty = production.project.environments.get(name="Staging")
    classify(empty, CRITICAL)
    lower: dict[str, Any] = {"actor": cast.adam, "environment": empty, "classification": INTERNAL}
    with pytest.raises(ProofNeeded):
        classify_environment(**lower)
    classify_environment(**lower, proof=proof_of(cast.adam))


@pytest.mark.parametrize("who", ["bob", "vera", "charlie", "sam"])
def test_it_is_for_those_who_configure_the_project(cast: Cast, production: Environment, who: str) -> None:
    with pytest.raises(AccessDenied):
        classify_environment(actor=getattr(cast, who), environment=production, classification=CRITICAL)


def test_the_page_says_what_inherits_and_asks_before_it_lowers(
    cast: Cast, client_for: ClientFor, production: Environment
) -> None:
    client = client_for(cast.adam)
    address = reverse("orgs:environment_classify", args=[production.pk])
    page = client.get(address).content.decode()
    assert "2 secrets here have no class of their own" in page
    assert "1 has one of its own" in page
    assert client.post(address, {"classification": "3"}).status_code == HTTPStatus.FOUND
    asked = client.post(address, {"classification": "1"}).content.decode()
    assert "2 secrets of Production would be protected less at once." in asked
    assert 'name="code"' in asked
    assert client.post(address, {"classification": "1", "confirmed": "yes"}).status_code == HTTPStatus.OK
    sent = {"classification": "1", "confirmed": "yes", "code": "nonsense"}
    assert client.post(address, sent).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    production.refresh_from_db()
    assert production.classification == CRITICAL
    sent["code"] = code_of(authenticator_of(cast.adam))
    assert client.post(address, sent).status_code == HTTPStatus.FOUND
    production.refresh_from_db()
    assert production.classification == INTERNAL


@pytest.mark.parametrize("sent", [{}, {"classification": ""}, {"classification": "4"}, {"classification": "x"}])
def test_it_asks_for_one_of_the_classes(
    cast: Cast, client_for: ClientFor, production: Environment, sent: dict[str, str]
) -> None:
    answer = client_for(cast.adam).post(reverse("orgs:environment_classify", args=[production.pk]), sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_shared_passwords_have_a_class_too(cast: Cast, client_for: ClientFor) -> None:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Team")
    address = reverse("orgs:environment_classify", args=[project.environments.get().pk])
    client = client_for(cast.adam)
    assert address in client.get(reverse("orgs:project_settings", args=[project.pk])).content.decode()
    assert "Classification of Team" in client.get(address).content.decode()
    assert client.post(address, {"classification": "2"}).status_code == HTTPStatus.FOUND
