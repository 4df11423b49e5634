"""Importing a `.env`: what the preview says, and that the import does that and nothing else."""

import pytest

from audit.actions import Action
from audit.models import Event
from orgs.models import Environment, Grant
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.test_update import edit
from vault.secrets.errors import LinesNotImportable, NothingToImport, PreviewOutdated
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import Imported, import_env, preview_env_import, reveal_secret, trash_secret

TEXT = 'SAME=1\nCHANGED=new\nNEW="a\nb"\nEMPTY=\n'


@pytest.fixture
def stored(store: StoreSecret) -> dict[str, Secret]:
    return {"SAME": store("SAME", "1"), "CHANGED": store("CHANGED", "old")}


def states(cast: Cast, environment: Environment, text: str) -> dict[str, str]:
    rows = preview_env_import(actor=cast.alice, environment=environment, text=text).rows
    return {row.name or f"line {row.line}": row.state.value for row in rows}


def test_it_says_what_would_happen(cast: Cast, development: Environment, stored: dict[str, Secret]) -> None:
    assert states(cast, development, TEXT + "broken line\nTWICE=1\nTWICE=1\n") == {
        "SAME": "equal", "CHANGED": "changed", "NEW": "new", "EMPTY": "new", "line 6": "invalid", "TWICE": "invalid",
    }  # fmt: skip
    assert Secret.objects.count() == 2


def test_it_records_the_comparison_and_no_value(
    cast: Cast, development: Environment, stored: dict[str, Secret]
) -> None:
    preview = preview_env_import(actor=cast.bob, environment=development, text=TEXT)
    event = Event.objects.get(action=Action.SECRETS_COMPARED)
    assert event.details == {
        "names": ["CHANGED", "SAME"],
        "count": 2,
        "because": ["Website is open to every member as Member"],
        "grant": [str(Grant.objects.get(project=development.project_id).pk)],
    }
    assert event.actor_id == str(cast.bob.pk)
    assert "old" not in repr(preview)


def test_it_does_what_was_shown_in_one_event(cast: Cast, development: Environment, stored: dict[str, Secret]) -> None:
    preview = preview_env_import(actor=cast.bob, environment=development, text=TEXT)
    done = import_env(actor=cast.bob, environment=development, text=TEXT, seal=preview.seal)
    assert done == Imported(new=2, changed=1, equal=1)
    values = {
        secret.name: reveal_secret(actor=cast.bob, secret=secret.pk)["value"]
        for secret in Secret.objects.filter(environment=development)
    }
    assert values == {"SAME": "1", "CHANGED": "new", "NEW": "a\nb", "EMPTY": ""}
    assert dict(Secret.objects.values_list("name", "version")) == {"SAME": 1, "CHANGED": 2, "NEW": 1, "EMPTY": 1}
    event = Event.objects.get(action=Action.SECRETS_IMPORTED)
    assert event.details == {
        "source": "env", "names": ["NEW", "EMPTY", "CHANGED"], "new": 2, "changed": 1, "equal": 1, "invalid": 0,
    }  # fmt: skip
    version = SecretVersion.objects.get(secret__name="CHANGED", number=2)
    assert (version.created_by, version.changed_fields) == (cast.bob, ["value"])
    assert Secret.objects.get(name="CHANGED").updated_by == cast.bob


def test_it_can_be_imported_again_and_then_everything_is_the_same(cast: Cast, development: Environment) -> None:
    preview = preview_env_import(actor=cast.alice, environment=development, text=TEXT)
    import_env(actor=cast.alice, environment=development, text=TEXT, seal=preview.seal)
    assert set(states(cast, development, TEXT).values()) == {"equal"}


def test_it_leaves_out_invalid_lines_only_when_told_to(cast: Cast, development: Environment) -> None:
    text = "A=1\nbroken line\n"
    seal = preview_env_import(actor=cast.alice, environment=development, text=text).seal
    with pytest.raises(LinesNotImportable, match="1 line cannot"):
        import_env(actor=cast.alice, environment=development, text=text, seal=seal)
    assert not Secret.objects.exists()
    done = import_env(actor=cast.alice, environment=development, text=text, seal=seal, accept_invalid=True)
    assert done.new == 1


@pytest.mark.parametrize("change", ["text", "edited", "added", "trashed", "environment", "person", "forged"])
def test_it_imports_nothing_when_anything_differs_from_the_preview(
    cast: Cast, development: Environment, stored: dict[str, Secret], store: StoreSecret, change: str
) -> None:
    seal = preview_env_import(actor=cast.alice, environment=development, text=TEXT).seal
    actor, place, text = cast.alice, development, TEXT
    match change:
        case "text":
            text = TEXT.replace("new", "other")
        case "edited":
            edit(cast.bob, stored["SAME"], {"value": "2"})
        case "added":
            store("NEW", "somebody was faster")
        case "trashed":
            trash_secret(actor=cast.bob, secret=stored["SAME"])
        case "environment":
            place = development.project.environments.get(position=1)
        case "person":
            actor = cast.bob
        case "forged":
            seal = "0" * 64
    with pytest.raises(PreviewOutdated):
        import_env(actor=actor, environment=place, text=text, seal=seal)
    assert not Event.objects.filter(action=Action.SECRETS_IMPORTED).exists()
    assert not Secret.objects.filter(name="EMPTY").exists()


def test_it_does_not_mistake_another_kind_for_a_value(cast: Cast, development: Environment, store: StoreSecret) -> None:
    store("DATABASE", kind=Kind.NOTE, values={"note": "not for import"})
    preview = preview_env_import(actor=cast.alice, environment=development, text="DATABASE=1\n")
    assert preview.rows[0].state == "invalid"
    assert "Note" in preview.rows[0].reason


def test_it_makes_a_new_secret_beside_one_in_the_trash(cast: Cast, development: Environment, secret: Secret) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    assert states(cast, development, "STRIPE_API_KEY=1") == {"STRIPE_API_KEY": "new"}


def test_it_refuses_a_value_that_is_too_long_and_says_which_line(cast: Cast, development: Environment) -> None:
    rows = preview_env_import(actor=cast.alice, environment=development, text=f"A=1\nB={'x' * 300_000}").rows
    assert [(row.line, row.state.value) for row in rows] == [(1, "new"), (2, "invalid")]
    assert "256 KiB" in rows[1].reason


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n"])
def test_it_says_that_there_is_nothing(cast: Cast, development: Environment, text: str) -> None:
    with pytest.raises(NothingToImport):
        preview_env_import(actor=cast.alice, environment=development, text=text)


@pytest.mark.parametrize("who", ["vera", "charlie", "sam"])
def test_it_is_for_those_who_may_write_and_reveal(
    cast: Cast, development: Environment, reads: list[bool], who: str
) -> None:
    with pytest.raises(AccessDenied):
        preview_env_import(actor=getattr(cast, who), environment=development, text=TEXT)
    with pytest.raises(AccessDenied):
        import_env(actor=getattr(cast, who), environment=development, text=TEXT, seal="")
    assert reads == []


def test_it_asks_the_database_as_often_for_many_lines_as_for_few(
    transactional_cast: Cast, development: Environment, django_assert_max_num_queries: object
) -> None:
    cast = transactional_cast  # a process keeps only keys that are committed
    text = "\n".join(f"NAME_{i}={i}" for i in range(300))
    seal = preview_env_import(actor=cast.alice, environment=development, text=text).seal
    import_env(actor=cast.alice, environment=development, text=text, seal=seal)
    changed = text.replace("=", "=x")
    preview = preview_env_import(actor=cast.alice, environment=development, text=changed)
    assert preview.counts == {"new": 0, "changed": 300, "equal": 0, "invalid": 0}
    with django_assert_max_num_queries(40):  # type: ignore[operator]  # a fixture that is a context manager
        import_env(actor=cast.alice, environment=development, text=changed, seal=preview.seal)
    assert SecretVersion.objects.filter(number=2).count() == 300
