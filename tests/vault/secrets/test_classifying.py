"""Who may give a secret which class, and what that leaves behind."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.actions import Action, Risk
from audit.models import Event
from orgs.classification import Classification
from orgs.models import Environment, Grant, Membership
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.vault.secrets.classified import approved_grant, classify, proof_of
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.pages import post_edit, post_new
from tests.vault.secrets.test_update import edit
from vault.secrets.errors import Conflict, EvidenceNeeded
from vault.secrets.evidence import Evidence
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import reveal_secret

INTERNAL, SENSITIVE, CRITICAL = Classification
ClientFor = Callable[..., Client]
CLASSES = [None, INTERNAL, SENSITIVE, CRITICAL]


def effective(own: Classification | None, environment: Classification) -> Classification:
    return environment if own is None else own


@pytest.mark.parametrize("who", ["vera", "bob", "adam"])
@pytest.mark.parametrize("environment", [INTERNAL, SENSITIVE])
def test_raising_takes_write_and_lowering_takes_configure(
    cast: Cast, store: StoreSecret, development: Environment, who: str, environment: Classification
) -> None:
    actor: User = getattr(cast, who)
    classify(development, environment)
    place = Environment.objects.get(pk=development.pk)
    for number, before in enumerate(CLASSES):
        for after in CLASSES:
            secret = store(f"N{number}_{after}", environment=place, classification=before)
            lowers = effective(after, environment) < effective(before, environment)
            allowed = who == "adam" or (who == "bob" and not lowers)
            if not allowed:
                with pytest.raises(AccessDenied):
                    edit(actor, secret, classification=after, proof=proof_of(actor))
                continue
            if lowers:
                with pytest.raises(EvidenceNeeded):
                    edit(actor, secret, classification=after)
                with pytest.raises(EvidenceNeeded):
                    edit(actor, secret, classification=after, proof=proof_of(actor, age=301))
            saved = edit(actor, secret, classification=after, proof=proof_of(actor))
            assert (saved.classification, saved.version) == (after, 1 if after == before else 2)


@pytest.mark.parametrize("who", ["bob", "adam"])
def test_a_new_secret_below_its_environment_takes_configure(
    cast: Cast, store: StoreSecret, development: Environment, who: str
) -> None:
    classify(development, SENSITIVE)
    for own in CLASSES:
        if who == "bob" and own is INTERNAL:
            with pytest.raises(AccessDenied, match="project:configure"):
                store(f"N{own}", actor=cast.bob, classification=own)
        else:
            assert store(f"N{own}", actor=getattr(cast, who), classification=own).classification == own


def test_lowering_takes_configure_on_the_name_as_it_was_and_as_it_will_be(
    cast: Cast, store: StoreSecret, development: Environment
) -> None:
    def grant(role: str, path: str) -> None:
        Grant(
            organization=cast.acme,
            subject_kind=Grant.SubjectKind.MEMBER,
            membership=Membership.objects.get(organization=cast.acme, user=cast.bob),
            role=role,
            project_id=development.project_id,
            environment=development,
            path=path,
            granted_by=cast.alice,
        ).save()

    grant("admin", "mine")
    for before, after, allowed in (
        ("mine/A", "mine/B", True),
        ("other/A", "mine/B", False),
        ("mine/C", "other/C", False),
        ("other/D", "other/D", False),
    ):
        secret = store(before, classification=CRITICAL)
        if allowed:
            edit(cast.bob, secret, name=after, classification=None, proof=proof_of(cast.bob))
        else:
            with pytest.raises(AccessDenied, match="project:configure"):
                edit(cast.bob, secret, name=after, classification=None, proof=proof_of(cast.bob))


@pytest.mark.parametrize(
    ("before", "after", "action", "risk", "words"),
    [
        (None, CRITICAL, Action.SECRET_CLASSIFIED, Risk.MEDIUM, ("internal, inherited", "critical")),
        (CRITICAL, SENSITIVE, Action.SECRET_DECLASSIFIED, Risk.HIGH, ("critical", "sensitive")),
        (CRITICAL, None, Action.SECRET_DECLASSIFIED, Risk.HIGH, ("critical", "internal, inherited")),
        (None, INTERNAL, Action.SECRET_CLASSIFIED, Risk.MEDIUM, ("internal, inherited", "internal")),
    ],
)
def test_a_change_of_class_is_a_version_and_one_event_with_before_and_after(
    cast: Cast,
    store: StoreSecret,
    before: Classification | None,
    after: Classification | None,
    action: Action,
    risk: Risk,
    words: tuple[str, str],
) -> None:
    secret = store("NAME", classification=before)
    count = Event.objects.count()
    edit(cast.alice, secret, classification=after, proof=proof_of(cast.alice))
    assert Event.objects.count() == count + 1
    event = Event.objects.latest("id")
    assert (event.action, event.risk) == (action, risk)
    assert event.details == {"version": 2, "from": words[0], "to": words[1]}
    assert SecretVersion.objects.get(secret=secret, number=2).changed_fields == ["classification"]


def test_an_edit_that_says_nothing_of_the_class_keeps_it(cast: Cast, store: StoreSecret) -> None:
    secret = store("NAME", classification=CRITICAL)
    assert edit(cast.bob, secret, {"value": "new"}).classification == CRITICAL


def test_it_tells_of_a_class_that_somebody_else_changed_in_the_same_moment(cast: Cast, secret: Secret) -> None:
    classify(secret, CRITICAL)
    with pytest.raises(Conflict):
        edit(cast.alice, secret, classification=None)


def test_the_forms_offer_what_the_person_may_choose(
    cast: Cast, client_for: ClientFor, store: StoreSecret, development: Environment
) -> None:
    classify(development, SENSITIVE)
    secret = store("NAME", environment=Environment.objects.get(pk=development.pk))
    new = f"{reverse('secrets:create', args=[development.pk])}?kind=value"
    for page in (new, reverse("secrets:edit", args=[secret.pk])):
        bob, adam = (client_for(each).get(page).content.decode() for each in (cast.bob, cast.adam))
        assert "Sensitive, as Development" in bob
        assert '<option value="1">' not in bob
        assert '<option value="1">' in adam


def test_a_forged_choice_is_refused_and_nothing_is_lost(
    cast: Cast, client_for: ClientFor, development: Environment
) -> None:
    classify(development, SENSITIVE)
    answer = post_new(client_for(cast.bob), development, "value", {"value": "v"}, name="KEPT", classification="1")
    assert answer.status_code == 422
    assert 'value="KEPT"' in answer.content.decode()
    assert not Secret.objects.exists()


def test_lowering_on_the_page_asks_for_a_code_and_keeps_what_was_typed(
    cast: Cast, client_for: ClientFor, store: StoreSecret
) -> None:
    from tests.accounts.doors import code_of, wrong_code
    from tests.cast import authenticator_of

    secret = store("NAME", classification=CRITICAL)
    client = client_for(cast.adam)
    asked = post_edit(client, secret, {"value": "typed"}, classification="inherit", description="kept")
    page = asked.content.decode()
    assert asked.status_code == 403
    assert "To lower the classification, prove that it is you." in page
    assert "typed" in page
    assert "kept" in page
    device = authenticator_of(cast.adam)
    wrong = post_edit(client, secret, {"value": "typed"}, classification="inherit", code=wrong_code(device))
    assert wrong.status_code == 422
    assert Secret.objects.get().classification == CRITICAL
    saved = post_edit(client, secret, {"value": "typed"}, classification="inherit", code=code_of(device))
    assert saved.status_code == 302
    assert Secret.objects.get().classification is None


def test_a_class_of_its_own_holds_whatever_the_environment_has(cast: Cast, store: StoreSecret) -> None:
    secret = store("NAME", classification=CRITICAL)
    approved_grant(cast.bob, secret)
    revealed = reveal_secret(actor=cast.bob, secret=secret.pk, evidence=Evidence(proof_of(cast.bob), "INC-7"))
    assert revealed.seconds == 15
