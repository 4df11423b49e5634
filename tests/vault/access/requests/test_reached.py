"""What somebody reaches, as another may see it: no project, environment or secret more than the one reaches and the
other lists."""

import pytest
from django.utils import timezone

from accounts.models import User
from orgs.models import Project
from orgs.permissions import Permission, Reach, reaches, standing_of
from orgs.services import create_project
from tests.vault.access.requests.conftest import Scene
from vault.access.reaching import Reached
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def payroll(scene: Scene) -> Project:
    return create_project(
        actor=scene.cast.alice,
        organization=scene.cast.acme,
        kind=Project.Kind.APPLICATION,
        name="Payroll",
        environments=("Staging", "Production"),
        open_as=None,
    )


def seen(scene: Scene, person: User) -> list[Reach]:
    standing = standing_of(person, scene.cast.acme.pk, permissions=(Permission.SECRET_LIST,))
    return list(reaches(standing, Permission.SECRET_LIST, timezone.now()))


def reached(scene: Scene, person: User, asker: User) -> Reached:
    return Reached(standing_of(person, scene.cast.acme.pk, permissions=tuple(Permission)), seen(scene, asker))


def places(found: Reached) -> dict[str, set[str]]:
    return {row.project.name: {each.environment.name for each in row.environments} for row in found.page("").rows}


def test_it_has_no_place_that_the_person_does_not_reach(scene: Scene, payroll: Project) -> None:
    found = reached(scene, scene.cast.vera, scene.cast.alice)
    assert places(found) == {"Website": {"Staging", "Production"}}
    assert found.hidden() == 0
    role = scene.role("Names", Permission.SECRET_LIST)
    scene.grant(scene.cast.vera, role, project=payroll, environment=payroll.environments.get(name="Staging"))
    assert places(reached(scene, scene.cast.vera, scene.cast.alice))["Payroll"] == {"Staging"}


def test_it_names_no_place_that_the_asker_does_not_see(scene: Scene, payroll: Project) -> None:
    found = reached(scene, scene.cast.alice, scene.carol)
    assert set(places(found)) == {"Website"}
    assert found.hidden() == 1
    role = scene.role("Names", Permission.SECRET_LIST)
    scene.grant(scene.carol, role, project=payroll, environment=payroll.environments.get(name="Staging"))
    found = reached(scene, scene.cast.alice, scene.carol)
    assert places(found)["Payroll"] == {"Staging"}
    assert found.hidden() == 0


def test_it_counts_what_is_listed_and_what_is_opened(scene: Scene) -> None:
    for person, opened in ((scene.cast.vera, 0), (scene.cast.alice, 1)):
        (row,) = reached(scene, person, scene.cast.alice).page("").rows
        (production,) = (each for each in row.environments if each.environment == scene.production)
        assert (production.opened, production.listed) == (opened, 1)
    role = scene.role("Writing", Permission.SECRET_WRITE)
    elsewhere = create_project(
        actor=scene.cast.alice, organization=scene.cast.acme, kind=Project.Kind.APPLICATION, name="Other", open_as=None
    )
    environment = elsewhere.environments.earliest("position")
    for name in ("db/url", "mail"):
        create_secret(
            actor=scene.cast.alice, environment=environment, kind=Kind.VALUE, name=name, values={"value": "one"}
        )
    scene.grant(scene.carol, role, project=elsewhere, environment=environment, path="db")
    rows = reached(scene, scene.carol, scene.cast.alice).page("").rows
    ((part,),) = (row.environments for row in rows if row.project == elsewhere)
    assert (part.opened, part.listed, part.whole) == (0, 0, False)
