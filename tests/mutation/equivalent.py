"""Checks that can be taken away without any effect, because another one stands behind them."""

ENABLED = "enable_machine fetches it again for the same actor and permission, under the lock"
INVITED = "the service asks the same actor for member:invite again, under the lock"
TEAMED = "the team and the member are both asked for with team:manage, and the service asks again, under the lock"
OPENED = "reveal_secret and show_code have just asked the same person for secret:list and secret:reveal"
CONFLICTED = "update_secret has just asked the same person for secret:write; here is what came in between"
NEARBY = "judge asks each holding whether it covers the place: others only add moments at which nothing differs"
INHERITED = "the secrets are of the organization, and inherit from environments of theirs alone"
TAGGED = "a secret is given tags of its own organization alone (tags_named), on PostgreSQL by a foreign key as well"
HASHED = "the keyed hash of a code covers the uid of its set: in another set it is another"
LOCKED = "the row is read again under lock, and one that is used up is refused there"
HELD = "nobody but the operator, who is asked for nothing, gets past _refuse_person; it only holds the instance's row"
TOLD = "everything is done already; it only tells which request it was"
NAMED = "it only names in the denial what decide_lowering has asked for"
ASKED = "cancel_shred asks the same person for org:delete again, under the lock"
SEALED_ANEW = "a genuine session of another person is sealed as it was, under that person's own epoch"
DESK = "every address of the desk is behind SupportSite.admin_view, which asks the same"
KEYED = "what is read besides belongs to other organizations, and is looked up by the ids of this one alone"
ROWED = "who asks holds something here, and whoever does may view the organization: it is asked for the row"
ASKED = "the same was just asked for about the organization or the project of the row, for which alone it is asked"
COUNTED = (
    "it decides nothing: both numbers of a preview grow by what does not touch it, and one is taken from the other"
)
INSIDE = "the condition of each number names the organization as well"
LOOKED_UP = "the authors of invitations are looked up by their ids, and others by nothing"
TOLD = "the database has refused the name by then: it only finds the words"
GLANCED = "it only says whether to look; waiting_for, owed_in and campaigns_in look at the organization's own"
OPERATED = "only the operator's commands look rows up by their names, and they read every organization"
TOUCHED = "places_touched names the organization in each of its parts"
OWN_ROWS = (
    "these are rows of a row of the organization, and of no other (on PostgreSQL by a foreign key of both columns)"
)
HELD = "holds_for asks for the same membership"
JUDGED = "each request that it finds is judged by itself"
STANDING = "the standing of a deactivated account, which is asked for next, holds nothing"
REFUSED = "verdict_about has just refused whoever has no membership"
NUMBERED = "it only chooses a name that is free: others would make the number in it higher"
EXPIRED = "_expire asks for an open one again, under the lock"
ITSELF = "it is fetched by its own uid, and what is asked for is asked for in the organization of what is found"
ENDED_ONCE = "remove_member and leave_organization ask for an active one again, in the same transaction"
SHOWN_AGAIN = "the same person was let in by the same fetch; it is fetched anew for what has become of it meanwhile"
NO_MEMBER = (
    "org:view was just asked for, which nobody has without a membership; it was removed since, and nothing is shown"
)

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
    "orgs/selectors/invitations.py invitations_of wider user__in= of "
    "members.filter(user__in={each.invited_by_id for each in invitations})": LOOKED_UP,
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
    "orgs/services/projects.py _save wider organization_id= of "
    "Project.objects.filter(organization_id=project.organization_id, name_key=project.name_key)": TOLD,
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
    "vault/access/context.py _reviewing wider organization_id= of "
    "Reviewer.objects.filter(organization_id=organization_id, membership__user_id=user_id, "
    "campaign__closed_at__isnull=True)": GLANCED,
    "vault/access/context.py _anything wider organization_id= of "
    "AccessRequest.objects.filter(organization_id=organization_id, status=AccessRequest.Status.OPEN, "
    "expires_at__gt=timezone.now())": GLANCED,
    "vault/access/context.py _anything wider status= of "
    "AccessRequest.objects.filter(organization_id=organization_id, status=AccessRequest.Status.OPEN, "
    "expires_at__gt=timezone.now())": GLANCED,
    "vault/access/context.py _anything wider expires_at__gt= of "
    "AccessRequest.objects.filter(organization_id=organization_id, status=AccessRequest.Status.OPEN, "
    "expires_at__gt=timezone.now())": GLANCED,
    "vault/access/context.py _anything wider organization_id= of "
    "BreakGlassUse.objects.filter(organization_id=organization_id, reviewed_at__isnull=True)": GLANCED,
    "vault/access/naming.py actor_named wider organization_id= of "
    "Membership.objects.select_related('user').filter(pk=uid, organization_id=organization)": OPERATED,
    "vault/access/naming.py actor_named wider organization_id= of Machine.objects.filter(machine, "
    "organization_id=organization)": OPERATED,
    "vault/access/naming.py _inside wider organization= of "
    "Project.objects.select_related('organization').filter(organization=organization)": OPERATED,
    "vault/access/reaching.py Reached._projects wider organization_id= of "
    "Project.objects.filter(organization_id=self._standing.organization)": TOUCHED,
    "vault/access/reaching.py standing_of_team wider organization_id= of Grant.objects.filter(team_id__in=uids, "
    "organization_id=team.organization_id)": OWN_ROWS,
    "vault/access/reaching.py standing_of_team wider organization_id= of "
    "CustomRole.objects.filter(organization_id=team.organization_id)": KEYED,
    "vault/access/reading.py Readers.machines wider organization_id= of "
    "Machine.objects.filter(organization_id=self.question.place.organization, disabled_at__isnull=True, "
    "pk__in=own.values('machine_id'))": OWN_ROWS,
    "vault/access/reading.py _inside wider organization_id= of Q(organization_id=place.organization, "
    "project_id=place.project)": OWN_ROWS,
    "vault/access/selectors/break_glass.py own_namings wider membership= of "
    "people_in(organization.uid).filter(ended_at__isnull=True, membership=membership)": HELD,
    "vault/access/selectors/break_glass.py _together wider organization_id= of "
    "BreakGlassUse.objects.filter(organization_id=use.organization_id)": KEYED,
    "vault/access/selectors/break_glass.py _given_to wider organization_id= of "
    "AccessRequest.objects.filter(organization_id=use.organization_id, membership_id=use.membership_id, "
    "grant_id__isnull=False)": OWN_ROWS,
    "vault/access/selectors/requests.py reached_by_grant wider organization_id= of "
    "TeamMembership.objects.filter(organization_id=request.organization_id)": OWN_ROWS,
    "vault/access/selectors/requests.py _grants_of_asker wider organization_id= of "
    "AccessRequest.objects.filter(organization_id=organization_id, membership_id=membership_id, "
    "grant_id__isnull=False)": OWN_ROWS,
    "vault/access/selectors/requests.py approvals_of wider organization_id= of "
    "RequestApproval.objects.filter(organization_id=request.organization_id, request=request)": OWN_ROWS,
    "vault/access/selectors/requests.py approved_by wider organization_id= of "
    "RequestApproval.objects.filter(organization_id=organization_id, membership__user_id=user_id)": KEYED,
    "vault/access/selectors/requests.py teams_of wider organization_id= of "
    "TeamMembership.objects.filter(organization_id=membership.organization_id, membership=membership)": OWN_ROWS,
    "vault/access/selectors/requests.py teams_of wider organization_id= of "
    "Team.objects.filter(organization_id=membership.organization_id, pk__in=uids)": OWN_ROWS,
    "vault/access/selectors/requests.py seen_by lesser Permission.REQUEST_APPROVE #1": JUDGED,
    "vault/access/selectors/reviews.py lines_in wider organization_id= of "
    "ReviewLine.objects.filter(organization_id=campaign.organization_id, campaign=campaign)": OWN_ROWS,
    "vault/access/selectors/reviews.py reviewer_of always actor.is_active": STANDING,
    "vault/access/selectors/sources.py _Rows.__init__ wider organization_id= of "
    "CustomRole.objects.filter(organization_id=organization_id, pk__in=custom)": KEYED,
    "vault/access/selectors/sources.py _alone_in_teams wider organization_id= of "
    "TeamMembership.objects.filter(organization_id=organization_id, membership__status=Membership.Status.ACTIVE, "
    "membership__user__is_active=True)": KEYED,
    "vault/access/services/answering.py approve_request let membership is None": REFUSED,
    "vault/access/services/asking.py _not_asked_before wider organization_id= of "
    "AccessRequest.objects.filter(organization_id=request.organization_id, membership=request.membership)": OWN_ROWS,
    "vault/access/services/breaking.py name_for_break_glass unasked object_for(actor, Permission.ORG_DELETE, "
    "members, membership, kind=ResourceKind.MEMBERSHIP)": ASKED,
    "vault/access/services/breaking.py name_for_break_glass lesser Permission.ORG_DELETE": ASKED,
    "vault/access/services/chasing.py _remind wider organization_id= of "
    "Reviewer.objects.filter(organization_id=organization_id)": KEYED,
    "vault/access/services/granting.py reader_role wider organization_id= of "
    "CustomRole.objects.filter(organization_id=organization_id)": NUMBERED,
    "vault/access/services/keeping.py expire_requests wider status= of AccessRequest.objects.filter(over, "
    "status=AccessRequest.Status.OPEN)": EXPIRED,
    "vault/access/services/leaving.py export_seen wider organization_id= of "
    "Membership.objects.select_related('user').filter(organization_id=membership.organization_id)": ITSELF,
    "vault/access/services/leaving.py _active wider status= of "
    "Membership.objects.select_related('user').filter(pk=membership.pk, status=Membership.Status.ACTIVE)": ENDED_ONCE,
    "vault/access/services/leaving.py _subject unasked team_for(actor, organization.pk, handover.team, "
    "Permission.ORG_VIEW)": ROWED,
    "vault/access/services/leaving.py _subject unasked member_for(actor, organization.pk, handover.member, "
    "Permission.ORG_VIEW)": ROWED,
    "vault/access/views/break_glass.py break_glass_review "
    "unasked use_for(actor, found.organization, found.pk)": SHOWN_AGAIN,
    "vault/access/views/requests.py request_approve unasked "
    "request_for(actor, found.organization, found.pk)": SHOWN_AGAIN,
    "vault/access/views/requests.py request_deny unasked request_for(actor, found.organization, found.pk)": SHOWN_AGAIN,
    "vault/access/views/requests.py request_new let membership is None": NO_MEMBER,
    "accounts/models.py RecoveryDevice.verify_token wider device= of "
    "RecoveryCode.objects.filter(device=self, mac__in=candidates, used_at=None)": HASHED,
    "accounts/models.py RecoveryDevice.verify_token wider used_at= of "
    "RecoveryCode.objects.filter(device=self, mac__in=candidates, used_at=None)": LOCKED,
    "accounts/services/second_factor.py are_own_codes wider device= of "
    "RecoveryCode.objects.filter(device=device, used_at=None, mac__in=macs)": HASHED,
    "vault/custody/services/compromise.py declare_compromise omitted authorize_instance(actor)": HELD,
    "vault/custody/services/shredding.py execute_shred wider executed_at__isnull= of "
    "ShredRequest.objects.filter(organization=locked, executed_at__isnull=False)": TOLD,
    "vault/custody/views/shredding.py shred_cancel lesser Permission.ORG_DELETE": ASKED,
    "vault/secrets/permissions.py authorize_lowering lesser Permission.PROJECT_CONFIGURE": NAMED,
}
"""By their keys (`tests.mutation.checks.Check.key`), and which one that is."""
