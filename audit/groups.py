"""The groups by which people filter the log. Every action is in exactly one."""

from django.db import models

from audit.actions import Action


class ActionGroup(models.TextChoices):
    """What sort of thing happened; the value stands in addresses."""

    OPENED = "opened", "Values opened"
    CHANGED = "changed", "Secrets changed"
    PEOPLE = "people", "Members and invitations"
    ACCESS = "access", "Access"
    PLACES = "places", "Projects and settings"
    KEYS = "keys", "Keys"
    ACCOUNTS = "accounts", "Sign-in and accounts"
    REFUSED = "refused", "Access refused"
    SUPPORT = "support", "Support staff"


ACTIONS: dict[ActionGroup, frozenset[Action]] = {
    ActionGroup.OPENED: frozenset(
        {
            Action.SECRET_REVEALED,
            Action.SECRET_COPIED,
            Action.SECRET_DOWNLOADED,
            Action.SECRET_CODE_SHOWN,
            Action.SECRETS_COMPARED,
        }
    ),
    ActionGroup.CHANGED: frozenset(
        {
            Action.SECRET_CLASSIFIED,
            Action.SECRET_CREATED,
            Action.SECRET_DECLASSIFIED,
            Action.SECRET_UPDATED,
            Action.SECRET_RESTORED,
            Action.SECRET_TRASHED,
            Action.SECRET_UNTRASHED,
            Action.SECRET_PURGED,
            Action.SECRETS_IMPORTED,
        }
    ),
    ActionGroup.PEOPLE: frozenset(
        {
            Action.INVITATION_ACCEPTED,
            Action.INVITATION_CREATED,
            Action.INVITATION_REFUSED,
            Action.INVITATION_REVOKED,
            Action.MEMBERSHIP_REMOVED,
            Action.MEMBERSHIP_ROLE_CHANGED,
            Action.MEMBERSHIP_SEEN_EXPORTED,
            Action.MEMBERSHIP_SETTLED,
        }
    ),
    ActionGroup.ACCESS: frozenset(
        {
            Action.AUTHORITY_SEAL_ACCEPTED,
            Action.AUTHORITY_SEAL_BROKEN,
            Action.AUTHORITY_VERIFIED,
            Action.BREAK_GLASS_ABUSED,
            Action.BREAK_GLASS_ENDED,
            Action.BREAK_GLASS_NAMED,
            Action.BREAK_GLASS_OVERDUE,
            Action.BREAK_GLASS_REVIEWED,
            Action.BREAK_GLASS_UNNAMED,
            Action.BREAK_GLASS_USED,
            Action.ENVIRONMENT_CLASSIFIED,
            Action.ENVIRONMENT_DECLASSIFIED,
            Action.NETWORKS_CLEARED,
            Action.NETWORK_ADDED,
            Action.NETWORK_REMOVED,
            Action.POLICY_CHANGED,
            Action.POLICY_LOWERED,
            Action.GRANT_CHANGED,
            Action.GRANT_GIVEN,
            Action.GRANT_REVOKED,
            Action.MACHINE_CREATED,
            Action.MACHINE_DISABLED,
            Action.MACHINE_ENABLED,
            Action.MACHINE_UPDATED,
            Action.PROJECT_OPENED,
            Action.PROJECT_RESTRICTED,
            Action.REQUEST_APPROVED,
            Action.REQUEST_ASKED,
            Action.REQUEST_DENIED,
            Action.REQUEST_EXPIRED,
            Action.REQUEST_WITHDRAWN,
            Action.REVIEW_BEGUN,
            Action.REVIEW_CLOSED,
            Action.REVIEW_CONFIRMED,
            Action.REVIEW_EXPORTED,
            Action.REVIEW_GONE,
            Action.REVIEW_REMINDED,
            Action.REVIEW_REVIEWER_ADDED,
            Action.REVIEW_REVOKED,
            Action.ROLE_CREATED,
            Action.ROLE_DELETED,
            Action.ROLE_UPDATED,
            Action.TEAM_CREATED,
            Action.TEAM_DELETED,
            Action.TEAM_MEMBERS_ADDED,
            Action.TEAM_MEMBER_REMOVED,
            Action.TEAM_MOVED,
            Action.TEAM_UPDATED,
        }
    ),
    ActionGroup.PLACES: frozenset(
        {
            Action.ENVIRONMENT_CREATED,
            Action.ENVIRONMENT_DELETED,
            Action.ENVIRONMENT_MOVED,
            Action.ENVIRONMENT_RENAMED,
            Action.INSTANCE_CLAIMED,
            Action.INSTANCE_CONFIGURED,
            Action.INSTANCE_SETUP_LINK_CREATED,
            Action.ORGANIZATION_CREATED,
            Action.ORGANIZATION_RENAMED,
            Action.PROJECT_CREATED,
            Action.PROJECT_DELETED,
            Action.PROJECT_UPDATED,
        }
    ),
    ActionGroup.KEYS: frozenset(
        {
            Action.KEY_COMPROMISE_ANSWERED,
            Action.KEY_COMPROMISE_DECLARED,
            Action.KEY_CREATED,
            Action.KEY_DESTROYED,
            Action.KEY_REENCRYPTED,
            Action.KEY_REENCRYPTION_STARTED,
            Action.KEY_RETIRED,
            Action.KEY_REWRAPPED,
            Action.KEY_REWRAPPING_STARTED,
            Action.KEY_ROTATED,
            Action.KEY_SHRED_APPROVED,
            Action.KEY_SHRED_CANCELLED,
            Action.KEY_SHRED_REQUESTED,
            Action.KEY_SHREDDED,
            Action.KEY_VERIFIED,
            Action.ROOT_KEY_RECOVERED,
            Action.ROOT_KEY_ROTATION_FINISHED,
            Action.ROOT_KEY_ROTATION_STARTED,
            Action.ROOT_KEY_SHARE_CONFIRMED,
            Action.ROOT_KEY_SPLIT,
        }
    ),
    ActionGroup.ACCOUNTS: frozenset(
        {
            Action.ACCOUNT_CREATED,
            Action.ACCOUNT_PASSWORD_CHANGED,
            Action.ACCOUNT_RENAMED,
            Action.SECOND_FACTOR_ADDED,
            Action.SECOND_FACTOR_FAILED,
            Action.SECOND_FACTOR_PASSED,
            Action.SECOND_FACTOR_RECOVERY_CODES_CREATED,
            Action.SECOND_FACTOR_REMOVED,
            Action.SIGN_IN_FAILED,
            Action.SIGN_IN_PASSWORD_ACCEPTED,
            Action.SIGN_IN_SUCCEEDED,
            Action.SIGN_OUT,
        }
    ),
    ActionGroup.REFUSED: frozenset({Action.ACCESS_DENIED, Action.LIMITER_TRIPPED}),
    ActionGroup.SUPPORT: frozenset(
        {
            Action.ACCOUNT_UNLOCKED,
            Action.SUPPORT_GRANTED,
            Action.SUPPORT_REVOKED,
            Action.SUPPORT_SEARCHED,
            Action.SUPPORT_VIEWED,
        }
    ),
}
