"""How much attention an event deserves: a table over the closed vocabulary, so that no writer can forget or choose."""

from audit.actions import Action, Outcome, Risk

_BY_ACTION: dict[Action, Risk] = {
    Action.ACCESS_DENIED: Risk.MEDIUM,
    Action.ACCOUNT_CREATED: Risk.MEDIUM,
    Action.ACCOUNT_PASSWORD_CHANGED: Risk.MEDIUM,
    Action.ACCOUNT_UNLOCKED: Risk.HIGH,
    Action.AUTHORITY_SEAL_ACCEPTED: Risk.CRITICAL,
    Action.AUTHORITY_SEAL_BROKEN: Risk.CRITICAL,
    Action.ENVIRONMENT_DELETED: Risk.MEDIUM,
    Action.INSTANCE_CLAIMED: Risk.HIGH,
    Action.INSTANCE_CONFIGURED: Risk.HIGH,
    Action.INSTANCE_SETUP_LINK_CREATED: Risk.HIGH,
    Action.INVITATION_ACCEPTED: Risk.MEDIUM,
    Action.INVITATION_CREATED: Risk.MEDIUM,
    Action.INVITATION_REFUSED: Risk.MEDIUM,
    Action.KEY_COMPROMISE_ANSWERED: Risk.HIGH,
    Action.KEY_COMPROMISE_DECLARED: Risk.HIGH,
    Action.KEY_CREATED: Risk.MEDIUM,
    Action.KEY_DESTROYED: Risk.HIGH,
    Action.KEY_REENCRYPTED: Risk.MEDIUM,
    Action.KEY_REENCRYPTION_STARTED: Risk.MEDIUM,
    Action.KEY_RETIRED: Risk.MEDIUM,
    Action.KEY_REWRAPPED: Risk.MEDIUM,
    Action.KEY_REWRAPPING_STARTED: Risk.MEDIUM,
    Action.KEY_ROTATED: Risk.MEDIUM,
    Action.KEY_SHRED_APPROVED: Risk.HIGH,
    Action.KEY_SHRED_CANCELLED: Risk.HIGH,
    Action.KEY_SHRED_REQUESTED: Risk.HIGH,
    Action.KEY_SHREDDED: Risk.HIGH,
    Action.LIMITER_TRIPPED: Risk.HIGH,
    Action.MEMBERSHIP_REMOVED: Risk.MEDIUM,
    Action.MEMBERSHIP_ROLE_CHANGED: Risk.HIGH,
    Action.ORGANIZATION_CREATED: Risk.MEDIUM,
    Action.PROJECT_DELETED: Risk.MEDIUM,
    Action.ROOT_KEY_RECOVERED: Risk.HIGH,
    Action.ROOT_KEY_ROTATION_FINISHED: Risk.HIGH,
    Action.ROOT_KEY_ROTATION_STARTED: Risk.HIGH,
    Action.ROOT_KEY_SHARE_CONFIRMED: Risk.MEDIUM,
    Action.ROOT_KEY_SPLIT: Risk.HIGH,
    Action.SECOND_FACTOR_ADDED: Risk.MEDIUM,
    Action.SECOND_FACTOR_FAILED: Risk.MEDIUM,
    Action.SECOND_FACTOR_RECOVERY_CODES_CREATED: Risk.MEDIUM,
    Action.SECOND_FACTOR_REMOVED: Risk.HIGH,
    Action.SECRET_CODE_SHOWN: Risk.MEDIUM,
    Action.SECRET_COPIED: Risk.MEDIUM,
    Action.SECRET_DOWNLOADED: Risk.MEDIUM,
    Action.SECRET_PURGED: Risk.HIGH,
    Action.SECRET_REVEALED: Risk.MEDIUM,
    Action.SECRET_TRASHED: Risk.MEDIUM,
    Action.SECRETS_COMPARED: Risk.MEDIUM,
    Action.SECRETS_IMPORTED: Risk.MEDIUM,
    Action.SIGN_IN_FAILED: Risk.MEDIUM,
    Action.SUPPORT_GRANTED: Risk.HIGH,
    Action.SUPPORT_REVOKED: Risk.MEDIUM,
}
"""What is not listed is of low risk."""


def risk_of(action: Action, outcome: Outcome) -> Risk:
    """The risk of an event. What was denied or failed is worth a look, whatever was attempted."""
    risk = _BY_ACTION.get(action, Risk.LOW)
    return Risk.MEDIUM if outcome is not Outcome.SUCCESS and risk is Risk.LOW else risk
