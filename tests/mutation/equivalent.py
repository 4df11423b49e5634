"""Checks that can be taken away without any effect, because another one stands behind them."""

ENABLED = "enable_machine fetches it again for the same actor and permission, under the lock"
INVITED = "the service asks the same actor for member:invite again, under the lock"
TEAMED = "the team and the member are both asked for with team:manage, and the service asks again, under the lock"

EQUIVALENT: dict[str, str] = {
    "orgs/views/access/machines.py machine_enable unasked "
    "machine_for(actor, organization, machine, Permission.MACHINE_MANAGE)": ENABLED,
    "orgs/views/access/machines.py machine_enable lesser Permission.MACHINE_MANAGE": ENABLED,
    "orgs/views/invitations.py invitation_renew unasked "
    "invitation_for(actor, organization, invitation, Permission.MEMBER_INVITE)": INVITED,
    "orgs/views/invitations.py invitation_revoke unasked "
    "invitation_for(actor, organization, invitation, Permission.MEMBER_INVITE)": INVITED,
    "orgs/views/invitations.py invitation_renew lesser Permission.MEMBER_INVITE": INVITED,
    "orgs/views/invitations.py invitation_revoke lesser Permission.MEMBER_INVITE": INVITED,
    "orgs/views/access/teams.py team_member_remove unasked "
    "team_for(actor, organization, team, Permission.TEAM_MANAGE)": TEAMED,
    "orgs/views/access/teams.py team_member_remove lesser Permission.TEAM_MANAGE": TEAMED,
    "orgs/views/access/teams.py team_member_remove unasked "
    "member_for(actor, organization, membership, Permission.TEAM_MANAGE)": TEAMED,
    "orgs/views/access/teams.py team_member_remove lesser Permission.TEAM_MANAGE #1": TEAMED,
}
"""By their keys (`tests.mutation.checks.Check.key`), and which one that is."""
