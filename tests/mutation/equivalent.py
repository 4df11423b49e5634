"""Checks that can be taken away without any effect, because another one stands behind them."""

ENABLED = "enable_machine fetches it again for the same actor and permission, under the lock"
INVITED = "the service asks the same actor for member:invite again, under the lock"
TEAMED = "the team and the member are both asked for with team:manage, and the service asks again, under the lock"
OPENED = "reveal_secret and show_code have just asked the same person for secret:list and secret:reveal"
CONFLICTED = "update_secret has just asked the same person for secret:write; here is what came in between"
NEARBY = "judge asks each holding whether it covers the place: others only add moments at which nothing differs"
INHERITED = "the secrets are of the organization, and inherit from environments of theirs alone"
TAGGED = "a secret is given tags of its own organization alone (tags_named), on PostgreSQL by a foreign key as well"
SEALED_ANEW = "a genuine session of another person is sealed as it was, under that person's own epoch"
DESK = "every address of the desk is behind SupportSite.admin_view, which asks the same"

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
    "vault/secrets/views/showing.py reveal unasked secret_for(actor, secret, Permission.SECRET_LIST)": OPENED,
    "vault/secrets/views/showing.py code unasked secret_for(actor, secret, Permission.SECRET_LIST)": OPENED,
    "vault/secrets/views/showing.py _asking unasked secret_for(actor, uid, Permission.SECRET_LIST)": OPENED,
    "vault/secrets/views/editing.py _conflict_page unasked "
    "secret_for(person(request), secret.pk, Permission.SECRET_WRITE)": CONFLICTED,
    "vault/secrets/views/editing.py _conflict_page lesser Permission.SECRET_WRITE": CONFLICTED,
    "vault/secrets/permissions.py refuse_gain always held.scope.covers(before)": NEARBY,
    "vault/secrets/permissions.py refuse_gain always held.scope.covers(after)": NEARBY,
    "vault/secrets/selectors.py listable_secrets wider organization_id= of "
    "inheriting.filter(organization_id=filters.organization)": INHERITED,
    "vault/secrets/selectors.py tags_in_use wider organization= of "
    "Tag.objects.filter(Exists(seen), organization=organization)": TAGGED,
    "accounts/sessions.py _end wider user_id= of Session.objects.filter(user_id=person)": SEALED_ANEW,
    "accounts/support.py MetadataAdmin.has_view_permission always "
    "cast(SupportSite, self.admin_site).has_permission(request)": DESK,
}
"""By their keys (`tests.mutation.checks.Check.key`), and which one that is."""
