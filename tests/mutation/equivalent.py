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
KEYED = "what is read besides belongs to other organizations, and is looked up by the ids of this one alone"
ROWED = "who asks holds something here, and whoever does may view the organization: it is asked for the row"
ASKED = "the same was just asked for about the organization or the project of the row, for which alone it is asked"
COUNTED = (
    "it decides nothing: both numbers of a preview grow by what does not touch it, and one is taken from the other"
)
INSIDE = "the condition of each number names the organization as well"

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
    "orgs/permissions/comparing.py _beside always each.touches(span.scope.place)": COUNTED,
    "orgs/permissions/loading.py _policies wider organization_id__in= of "
    "ClassPolicy.objects.filter(organization_id__in=organization_ids)": KEYED,
    "orgs/permissions/loading.py _given_to wider organization_id= of "
    "Grant.objects.filter(organization_id=place.organization, team_id__isnull=False)": KEYED,
    "orgs/permissions/loading.py _given_to wider organization_id__in= of "
    "Q(subject_kind=Grant.SubjectKind.EVERYONE, organization_id__in={each.organization_id for each in waiting})": KEYED,
    "orgs/permissions/origins.py _read wider organization_id__in= of "
    "NetworkPolicy.objects.filter(organization_id__in=organization_ids)": KEYED,
    "orgs/permissions/origins.py _read wider organization_id__in= of "
    "NetworkRule.objects.filter(organization_id__in=limited)": KEYED,
    "orgs/preview.py _secrets wider organization_id= of "
    "Project.objects.filter(organization_id=parts[0].scope.organization)": INSIDE,
    "orgs/selectors/authority.py teams_of wider organization= of "
    "TeamMembership.objects.filter(organization=organization)": KEYED,
    "orgs/selectors/authority.py grant_counts wider organization= of Grant.objects.filter("
    "live_at(timezone.now()), organization=organization, **{f'{column}__isnull': False})": KEYED,
    "orgs/services/environments.py _found unasked "
    "object_for(actor, Permission.PROJECT_CONFIGURE, environments, environment.pk, kind=ResourceKind.ENVIRONMENT)"
    "": ASKED,
    "orgs/services/environments.py _found lesser Permission.PROJECT_CONFIGURE": ASKED,
    "orgs/services/grants.py drafted_grant unasked "
    "custom_role_for(actor, organization.pk, role.pk, Permission.ORG_VIEW)": ROWED,
    "orgs/services/grants.py _subject unasked "
    "member_for(actor, organization.pk, subject.pk, Permission.ORG_VIEW)": ROWED,
    "orgs/services/grants.py _subject unasked team_for(actor, organization.pk, subject.pk, Permission.ORG_VIEW)": ROWED,
    "orgs/services/grants.py _subject unasked "
    "machine_for(actor, organization.pk, subject.pk, Permission.ORG_VIEW)": ROWED,
    "orgs/services/networks.py add_network unasked "
    "sealed_for(actor, Permission.ORG_CONFIGURE, machines, machine, kind=ResourceKind.MACHINE)": ASKED,
    "orgs/services/networks.py add_network lesser Permission.ORG_CONFIGURE": ASKED,
    "orgs/services/networks.py remove_network unasked "
    "object_for(actor, Permission.ORG_CONFIGURE, rules, rule.pk, kind=ResourceKind.NETWORK)": ASKED,
    "orgs/services/networks.py remove_network lesser Permission.ORG_CONFIGURE": ASKED,
    "orgs/services/teams.py _above unasked team_for(actor, organization.pk, uid, Permission.TEAM_MANAGE)": ASKED,
    "orgs/services/teams.py _above lesser Permission.TEAM_MANAGE": ASKED,
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
