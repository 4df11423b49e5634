"""Projects and their environments: named once, never deleted with something in them."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from audit.models import Event
from orgs.errors import InvalidEnvironments, LastEnvironment, NameTaken, NotEmpty
from orgs.models import Environment, Project
from orgs.services import (
    create_environment,
    create_project,
    delete_environment,
    delete_project,
    move_environment,
    rename_environment,
    update_project,
)
from orgs.services.projects import MOST_ENVIRONMENTS
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from tests.sealing import change
from vault.secrets.models import Secret


def application(cast: Cast, name: str = "Website", **fields: object) -> Project:
    return create_project(
        actor=cast.alice,
        organization=cast.acme,
        kind=Project.Kind.APPLICATION,
        name=name,
        **fields,  # type: ignore[arg-type]  # passed through
    )


def names(project: Project) -> list[str]:
    return [environment.name for environment in project.environments.all()]


def put_secret(environment: Environment, *, trashed: bool = False) -> Secret:
    secret = Secret.objects.create(
        organization_id=environment.organization_id,
        project=environment.project,
        environment=environment,
        kind="note",
        name="x",
        name_key="x",
    )
    if trashed:
        change([secret], trashed_at=secret.created_at)
    return secret


def test_it_gives_an_application_its_environments_in_order(cast: Cast) -> None:
    project = application(cast)
    assert names(project) == ["Development", "Staging", "Production"]
    event = Event.objects.get()
    assert (event.action, event.resource_label) == ("project.created", "Website")
    assert event.details["names"] == ["Development", "Staging", "Production"]


def test_it_gives_shared_passwords_one_environment(cast: Cast) -> None:
    project = create_project(
        actor=cast.adam, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Office", environments=["a", "b"]
    )
    assert names(project) == ["Default"]


@pytest.mark.parametrize(
    "environments",
    [[], ["", " "], ["Live", "live"], ["Live", "\uff2cive"], [str(n) for n in range(MOST_ENVIRONMENTS + 1)]],
    ids=["none", "blank", "case", "width", "many"],
)
def test_it_refuses_environments_that_make_no_sense(cast: Cast, environments: list[str]) -> None:
    with pytest.raises(InvalidEnvironments):
        application(cast, environments=environments)
    assert not Project.objects.exists()


def test_it_compares_names_folded_within_the_organization(cast: Cast) -> None:
    application(cast)
    with pytest.raises(NameTaken):
        application(cast, name="\uff37ebsite")
    create_project(actor=cast.charlie, organization=cast.initech, kind=Project.Kind.APPLICATION, name="Website")


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a" * 101, "a" * 10_000, "a\x00b", "a\u202eb", "a\u200bb", "a\nb\x07", "\ufdfa" * 100],
    ids=["empty", "blank", "101", "10000", "NUL", "bidi", "zero width", "control", "expanding"],
)
def test_it_refuses_names_that_cannot_be_shown_or_compared(cast: Cast, name: str) -> None:
    with pytest.raises(ValidationError):
        application(cast, name=name)


def test_it_records_what_was_changed(cast: Cast) -> None:
    project = application(cast)
    update_project(actor=cast.adam, project=project, name="Shop", description="Where we sell")
    assert Event.objects.latest("id").details == {"from": "Website", "to": "Shop", "description_changed": True}
    update_project(actor=cast.adam, project=project, name="Shop", description="Where we sell")
    assert Event.objects.filter(action="project.updated").count() == 1


def test_it_refuses_the_name_of_another_project(cast: Cast) -> None:
    application(cast, name="Shop")
    with pytest.raises(NameTaken):
        update_project(actor=cast.adam, project=application(cast), name="SHOP", description="")


def test_it_lets_a_project_change_the_case_of_its_name(cast: Cast) -> None:
    assert update_project(actor=cast.adam, project=application(cast), name="WEBSITE", description="").name == "WEBSITE"


def test_it_deletes_an_empty_project(cast: Cast) -> None:
    delete_project(actor=cast.adam, project=application(cast))
    assert not Project.objects.exists()
    assert not Environment.objects.exists()
    assert Event.objects.latest("id").action == "project.deleted"


@pytest.mark.parametrize("trashed", [False, True])
def test_it_refuses_to_delete_what_holds_secrets(cast: Cast, trashed: bool) -> None:
    project = application(cast)
    environment = project.environments.all()[1]
    put_secret(environment, trashed=trashed)
    acts: list[Callable[[], object]] = [
        lambda: delete_project(actor=cast.alice, project=project),
        lambda: delete_environment(actor=cast.alice, environment=environment),
    ]
    for act in acts:
        with pytest.raises(NotEmpty, match="1 secret in the trash" if trashed else "still holds 1 secret"):
            act()
    assert Environment.objects.count() == 3


def test_it_adds_an_environment_at_the_end(cast: Cast) -> None:
    project = application(cast)
    create_environment(actor=cast.adam, project=project, name="Preview")
    assert names(project) == ["Development", "Staging", "Production", "Preview"]
    with pytest.raises(NameTaken):
        create_environment(actor=cast.adam, project=project, name="PREVIEW")


def test_it_adds_no_environment_beyond_the_most(cast: Cast) -> None:
    project = application(cast, environments=[str(number) for number in range(MOST_ENVIRONMENTS)])
    with pytest.raises(InvalidEnvironments):
        create_environment(actor=cast.adam, project=project, name="One more")


def test_it_renames_an_environment(cast: Cast) -> None:
    project = application(cast)
    rename_environment(actor=cast.adam, environment=project.environments.all()[0], name="Local")
    assert names(project) == ["Local", "Staging", "Production"]
    assert Event.objects.latest("id").details == {"project": "Website", "from": "Development", "to": "Local"}
    with pytest.raises(NameTaken):
        rename_environment(actor=cast.adam, environment=project.environments.all()[0], name="staging")


def test_it_moves_an_environment(cast: Cast) -> None:
    project = application(cast)
    production = project.environments.all()[2]
    move_environment(actor=cast.adam, environment=production, up=True)
    assert names(project) == ["Development", "Production", "Staging"]
    move_environment(actor=cast.adam, environment=production, up=False)
    events = Event.objects.count()
    move_environment(actor=cast.adam, environment=production, up=False)
    assert names(project) == ["Development", "Staging", "Production"]
    assert Event.objects.count() == events


def test_it_keeps_the_last_environment(cast: Cast) -> None:
    project = application(cast, environments=["Live"])
    with pytest.raises(LastEnvironment):
        delete_environment(actor=cast.adam, environment=project.environments.all()[0])


def test_it_leaves_the_environment_of_shared_passwords_alone(cast: Cast) -> None:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Office")
    only = project.environments.get()
    acts: list[Callable[[], object]] = [
        lambda: create_environment(actor=cast.alice, project=project, name="x"),
        lambda: rename_environment(actor=cast.alice, environment=only, name="x"),
        lambda: move_environment(actor=cast.alice, environment=only, up=True),
        lambda: delete_environment(actor=cast.alice, environment=only),
    ]
    for act in acts:
        with pytest.raises(InvalidEnvironments):
            act()


def test_it_keeps_one_environment_when_two_delete_at_once(transactional_cast: Cast) -> None:
    project = application(transactional_cast, environments=["One", "Two"])
    one, two = project.environments.all()
    raised = in_parallel(
        lambda: delete_environment(actor=transactional_cast.alice, environment=one),
        lambda: delete_environment(actor=transactional_cast.adam, environment=two),
    )
    assert [type(error) for error in raised if error] == [LastEnvironment]
    assert project.environments.count() == 1


def test_it_takes_a_name_once_in_parallel(transactional_cast: Cast) -> None:
    raised = in_parallel(*[lambda: application(transactional_cast)] * 3)
    assert [type(error) for error in raised if error] == [NameTaken, NameTaken]
    assert Project.objects.count() == 1
