"""One of everything that an organization holds, for tests that go through all addresses."""

from dataclasses import dataclass

from accounts.models import User
from orgs.models import Environment, Invitation, Membership, Organization, Project
from orgs.roles import Role
from orgs.services import create_project, invite_member


@dataclass(frozen=True)
class Places:
    """What the addresses of one organization name."""

    organization: Organization
    membership: Membership
    invitation: Invitation
    project: Project
    environment: Environment


def make_places(owner: User, organization: Organization, member: User) -> Places:
    """An invitation, a project with environments, and the membership of `member`, who belongs already."""
    invitation = invite_member(
        actor=owner, organization=organization, email="invited@example.com", role=Role.VIEWER
    ).invitation
    project = create_project(actor=owner, organization=organization, kind=Project.Kind.APPLICATION, name="Website")
    return Places(
        organization=organization,
        membership=Membership.objects.get(organization=organization, user=member),
        invitation=invitation,
        project=project,
        environment=project.environments.all()[0],
    )
