"""The addresses of this app; `home` is named by the project's own list."""

from django.urls import path

from orgs.views import (
    activity,
    classification,
    environments,
    invitations,
    joining,
    members,
    organizations,
    projects,
    setup,
)
from orgs.views.access import grants, machines, networks, openness, overview, policies, roles, teams

app_name = "orgs"

urlpatterns = [
    path("setup/", setup.setup, name="setup"),
    path("join/", joining.join, name="join"),
    path("join/account/", joining.join_account, name="join_account"),
    path("join/accept/", joining.join_accept, name="join_accept"),
    path("organizations/", organizations.list_, name="list"),
    path("organizations/new/", organizations.create, name="create"),
    path("organizations/<uuid:organization>/settings/", organizations.settings, name="settings"),
    path("organizations/<uuid:organization>/activity/", activity.activity, name="activity"),
    path("organizations/<uuid:organization>/members/", members.members, name="members"),
    path("organizations/<uuid:organization>/members/<uuid:membership>/role/", members.member_role, name="member_role"),
    path("organizations/<uuid:organization>/invitations/new/", invitations.invite, name="invite"),
    path(
        "organizations/<uuid:organization>/invitations/<uuid:invitation>/renew/",
        invitations.invitation_renew,
        name="invitation_renew",
    ),
    path(
        "organizations/<uuid:organization>/invitations/<uuid:invitation>/revoke/",
        invitations.invitation_revoke,
        name="invitation_revoke",
    ),
    path("organizations/<uuid:organization>/projects/", projects.projects, name="projects"),
    path("organizations/<uuid:organization>/projects/new/", projects.project_create, name="project_create"),
    path("projects/<uuid:project>/settings/", projects.project_settings, name="project_settings"),
    path("projects/<uuid:project>/delete/", projects.project_delete, name="project_delete"),
    path("projects/<uuid:project>/environments/new/", environments.environment_create, name="environment_create"),
    path("organizations/<uuid:organization>/access/", overview.overview, name="access"),
    path("organizations/<uuid:organization>/access/teams/", teams.teams, name="teams"),
    path("organizations/<uuid:organization>/access/teams/new/", teams.team_create, name="team_create"),
    path("organizations/<uuid:organization>/access/teams/<uuid:team>/", teams.team, name="team"),
    path("organizations/<uuid:organization>/access/teams/<uuid:team>/edit/", teams.team_edit, name="team_edit"),
    path("organizations/<uuid:organization>/access/teams/<uuid:team>/delete/", teams.team_delete, name="team_delete"),
    path(
        "organizations/<uuid:organization>/access/teams/<uuid:team>/members/", teams.team_members, name="team_members"
    ),
    path(
        "organizations/<uuid:organization>/access/teams/<uuid:team>/members/<uuid:membership>/remove/",
        teams.team_member_remove,
        name="team_member_remove",
    ),
    path("organizations/<uuid:organization>/access/roles/", roles.roles, name="roles"),
    path("organizations/<uuid:organization>/access/roles/new/", roles.role_create, name="role_create"),
    path("organizations/<uuid:organization>/access/roles/<uuid:role>/", roles.role_edit, name="role_edit"),
    path("organizations/<uuid:organization>/access/roles/<uuid:role>/delete/", roles.role_delete, name="role_delete"),
    path("organizations/<uuid:organization>/access/grants/", grants.grants, name="grants"),
    path("organizations/<uuid:organization>/access/grants/new/", grants.grant_create, name="grant_create"),
    path("organizations/<uuid:organization>/access/grants/revoke/", grants.grants_revoke, name="grants_revoke"),
    path("organizations/<uuid:organization>/access/grants/<uuid:grant>/", grants.grant, name="grant"),
    path("organizations/<uuid:organization>/access/machines/", machines.machines, name="machines"),
    path("organizations/<uuid:organization>/access/machines/new/", machines.machine_create, name="machine_create"),
    path("organizations/<uuid:organization>/access/machines/<uuid:machine>/", machines.machine, name="machine"),
    path(
        "organizations/<uuid:organization>/access/machines/<uuid:machine>/disable/",
        machines.machine_disable,
        name="machine_disable",
    ),
    path(
        "organizations/<uuid:organization>/access/machines/<uuid:machine>/enable/",
        machines.machine_enable,
        name="machine_enable",
    ),
    path("organizations/<uuid:organization>/access/networks/", networks.networks, name="networks"),
    path("organizations/<uuid:organization>/access/networks/new/", networks.network_add, name="network_add"),
    path(
        "organizations/<uuid:organization>/access/networks/<uuid:network>/remove/",
        networks.network_remove,
        name="network_remove",
    ),
    path("projects/<uuid:project>/openness/", openness.project_openness, name="project_openness"),
    path("organizations/<uuid:organization>/access/policies/", policies.policies, name="policies"),
    path("organizations/<uuid:organization>/access/policies/<str:classification>/", policies.policy, name="policy"),
    path(
        "environments/<uuid:environment>/classification/",
        classification.environment_classify,
        name="environment_classify",
    ),
    path("environments/<uuid:environment>/rename/", environments.environment_rename, name="environment_rename"),
    path("environments/<uuid:environment>/move/", environments.environment_move, name="environment_move"),
    path("environments/<uuid:environment>/delete/", environments.environment_delete, name="environment_delete"),
]
