"""Every way to a value weighs every demand of the policy of its class: all combinations, against what ought to be."""

from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from audit.actions import Action
from audit.models import Event
from orgs.classification import Classification
from orgs.models import ClassPolicy, Environment, Grant
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.sealing import tamper, unguarded
from tests.vault.secrets.classified import approved_grant, classify, demand, proof_of
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.errors import EvidenceNeeded, ReasonRefused
from vault.secrets.evidence import Evidence
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import (
    RevealPurpose,
    download_file,
    import_env,
    preview_env_import,
    reveal_secret,
    show_code,
)

Open = Callable[[User, Secret, Evidence], Any]

DOORS: dict[str, tuple[str, Action, Open]] = {
    "reveal": ("login", Action.SECRET_REVEALED, lambda a, s, e: reveal_secret(actor=a, secret=s.pk, evidence=e)),
    "copy": (
        "login",
        Action.SECRET_COPIED,
        lambda a, s, e: reveal_secret(actor=a, secret=s.pk, purpose=RevealPurpose.COPY, evidence=e),
    ),
    "edit": (
        "login",
        Action.SECRET_REVEALED,
        lambda a, s, e: reveal_secret(actor=a, secret=s.pk, purpose=RevealPurpose.EDIT, evidence=e),
    ),
    "earlier": (
        "login",
        Action.SECRET_REVEALED,
        lambda a, s, e: reveal_secret(actor=a, secret=s.pk, version=1, evidence=e),
    ),
    "code": ("login", Action.SECRET_CODE_SHOWN, lambda a, s, e: show_code(actor=a, secret=s.pk, evidence=e)),
    "download": ("file", Action.SECRET_DOWNLOADED, lambda a, s, e: download_file(actor=a, secret=s.pk, evidence=e)),
    "compare": (
        "value",
        Action.SECRETS_COMPARED,
        lambda a, s, e: preview_env_import(actor=a, environment=s.environment, text="NAME=guess", evidence=e),
    ),
}
PROOFS: dict[str, Callable[[Cast], Any]] = {
    "none": lambda cast: None,
    "fresh": lambda cast: proof_of(cast.bob),
    "just in time": lambda cast: proof_of(cast.bob, age=5 * 60 - 2),
    "too old": lambda cast: proof_of(cast.bob, age=5 * 60 + 1),
    "of the future": lambda cast: proof_of(cast.bob, age=-60),
    "somebody else's": lambda cast: proof_of(cast.alice),
}
HOLD = {"fresh", "just in time"}


@pytest.fixture
def stored(cast: Cast, store: StoreSecret, passwords: Environment) -> dict[str, Secret]:
    """A secret for each door."""
    login = {"password": "p", "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
    file = {"filename": "a", "content": "YQ=="}
    return {
        "value": store("NAME", "v", environment=passwords),
        "login": store("Login", kind=Kind.LOGIN, values=login, environment=passwords),
        "file": store("File", kind=Kind.FILE, values=file, environment=passwords),
    }


@pytest.mark.parametrize(
    ("door", "classification"),
    [*((door, Classification.CRITICAL) for door in DOORS), *(("reveal", each) for each in list(Classification)[:2])],
)
def test_it_opens_with_all_that_is_demanded_and_with_nothing_less(
    cast: Cast, stored: dict[str, Secret], door: str, classification: Classification
) -> None:
    name, action, open_ = DOORS[door]
    secret = stored[name]
    classify(secret, classification)
    grant = approved_grant(cast.bob, secret)
    openness = Grant.objects.get(subject_kind="everyone", project=secret.project_id)
    ran = 0
    for minutes, approvals, reason_required in product((None, 5), (0, 1, 2), (False, True)):
        demand(
            cast.acme,
            classification,
            step_up_minutes=minutes,
            approvals=approvals,
            reason_required=reason_required,
            reveal_seconds=7,
        )
        # What is not asked for makes no difference, so it is tried once.
        reasons = ("  ", "INC-7 canary") if reason_required else ("not asked for",)
        for proof, reason in product(PROOFS if minutes else ("none",), reasons):
            ran += 1
            before = Event.objects.count()
            evidence = Evidence(PROOFS[proof](cast), reason)
            proved = minutes is None or proof in HOLD
            reasoned = not reason_required or bool(reason.strip())
            if approvals == 2:
                with pytest.raises(AccessDenied, match="needs an access that 2 others approved"):
                    open_(cast.bob, secret, evidence)
            elif not (proved and reasoned):
                with pytest.raises(EvidenceNeeded) as raised:
                    open_(cast.bob, secret, evidence)
                assert (raised.value.step_up, raised.value.reason) == (not proved, reason_required)
            else:
                open_(cast.bob, secret, evidence)
                assert Event.objects.count() == before + 1
                event = Event.objects.latest("id")
                assert event.action == action
                kept = {"justification": "INC-7 canary"} if reason_required else {}
                assert {key: event.details[key] for key in ("justification",) if key in event.details} == kept
                assert ("method" in event.details) == (minutes is not None)
                grants = {str(grant.pk)} if approvals else {str(grant.pk), str(openness.pk)}
                named = event.details["grant"]
                assert set(named if isinstance(named, list) else [named]) <= grants
                assert event.details["because"]
                continue
            assert Event.objects.count() == before, "a refusal leaves no event of an opening"
    assert ran == 3 * (len(PROOFS) + 1) * (2 + 1)


@pytest.mark.parametrize("how", ["deleted", "altered", "unsealed", "moved"])
@pytest.mark.parametrize("door", DOORS)
def test_nothing_opens_without_a_genuine_policy(
    cast: Cast, stored: dict[str, Secret], reads: list[bool], door: str, how: str
) -> None:
    name, _, open_ = DOORS[door]
    policies = ClassPolicy.objects.filter(organization=cast.acme, classification=Classification.INTERNAL)
    match how:
        case "deleted":
            unguarded(policies)._raw_delete("default")
        case "altered":
            tamper(policies, reveal_seconds=299)
        case "unsealed":
            tamper(policies, uid=uuid4())
        case "moved":
            unguarded(ClassPolicy.objects.filter(organization=cast.initech, classification=1))._raw_delete("default")
            tamper(policies, organization=cast.initech)
    for actor in (cast.bob, cast.alice):
        with pytest.raises(AccessDenied, match="until an owner saves it again, under Access, Policies"):
            open_(actor, stored[name], Evidence(proof_of(actor), "reason"))
    assert reads == []


def test_an_import_asks_again_for_a_proof_and_not_for_the_reason(cast: Cast, stored: dict[str, Secret]) -> None:
    secret = stored["value"]
    demand(cast.acme, Classification.INTERNAL, step_up_minutes=5, reason_required=True)
    environment, text = secret.environment, "NAME=new"
    evidence = Evidence(proof_of(cast.bob), "INC-7")
    seal = preview_env_import(actor=cast.bob, environment=environment, text=text, evidence=evidence).seal

    def go(evidence: Evidence) -> object:
        return import_env(actor=cast.bob, environment=environment, text=text, seal=seal, evidence=evidence)

    for poor in (Evidence(), Evidence(proof_of(cast.bob, age=301)), Evidence(proof_of(cast.alice))):
        with pytest.raises(EvidenceNeeded) as raised:
            go(poor)
        assert not raised.value.reason
    go(Evidence(proof_of(cast.bob)))


def test_an_import_compares_what_is_there_and_asks_nothing_for_what_is_new(cast: Cast, passwords: Environment) -> None:
    demand(cast.acme, Classification.INTERNAL, step_up_minutes=5, reason_required=True)
    preview_env_import(actor=cast.bob, environment=passwords, text="NEW=1")


def test_a_comparison_asks_for_the_strictest_of_all_that_it_opens(
    cast: Cast, store: StoreSecret, passwords: Environment
) -> None:
    store("A", environment=passwords)
    strict = store("B", environment=passwords)
    classify(strict, Classification.CRITICAL)
    with pytest.raises(EvidenceNeeded) as raised:
        preview_env_import(actor=cast.bob, environment=passwords, text="A=1\nB=2")
    assert (raised.value.step_up, raised.value.reason) == (True, True)
    preview_env_import(actor=cast.bob, environment=passwords, text="A=1")


@pytest.mark.parametrize("reason", ["x" * 201, "a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "x" * 100_000])
def test_it_refuses_a_reason_that_cannot_be_kept(cast: Cast, secret: Secret, reason: str) -> None:
    demand(cast.acme, Classification.INTERNAL, reason_required=True)
    with pytest.raises(ReasonRefused) as raised:
        reveal_secret(actor=cast.bob, secret=secret.pk, evidence=Evidence(None, reason))
    assert "x" * 50 not in str(raised.value)
    assert not Event.objects.filter(action=Action.SECRET_REVEALED).exists()


def test_it_keeps_no_reason_that_was_not_asked_for(cast: Cast, secret: Secret) -> None:
    reveal_secret(actor=cast.bob, secret=secret.pk, evidence=Evidence(None, "INC-7"))
    assert "INC-7" not in str(Event.objects.latest("id").details)


def test_it_counts_a_class_that_was_raised_after_the_page_was_fetched(cast: Cast, secret: Secret) -> None:
    fetched = Secret.objects.select_related("environment").get(pk=secret.pk)
    assert fetched.effective_classification is Classification.INTERNAL
    classify(secret, Classification.CRITICAL)
    with pytest.raises(EvidenceNeeded):
        reveal_secret(actor=cast.bob, secret=fetched.pk)
    classify(secret, None)
    classify(secret.environment, Classification.CRITICAL)
    with pytest.raises(EvidenceNeeded):
        reveal_secret(actor=cast.bob, secret=fetched.pk)
    revealed = reveal_secret(actor=cast.bob, secret=fetched.pk, evidence=Evidence(proof_of(cast.bob), "INC-7"))
    assert revealed.seconds == 15
    assert Event.objects.latest("id").details["classification"] == "critical"


def test_it_says_for_how_long_a_value_may_be_shown(cast: Cast, stored: dict[str, Secret]) -> None:
    demand(cast.acme, Classification.INTERNAL, reveal_seconds=7)
    assert reveal_secret(actor=cast.bob, secret=stored["login"].pk).seconds == 7
    shown = show_code(actor=cast.bob, secret=stored["login"].pk)
    assert shown.seconds == min(7, shown.code.seconds_left)
