"""The closed vocabularies of the log. A name that is not here cannot be written."""

from enum import StrEnum


class Action(StrEnum):
    """What happened, as `subject.verb`; kept in alphabetical order."""

    ACCESS_DENIED = "access.denied"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"
    ACCOUNT_RENAMED = "account.renamed"
    ACCOUNT_UNLOCKED = "account.unlocked"
    ENVIRONMENT_CREATED = "environment.created"
    ENVIRONMENT_DELETED = "environment.deleted"
    ENVIRONMENT_MOVED = "environment.moved"
    ENVIRONMENT_RENAMED = "environment.renamed"
    INSTANCE_CLAIMED = "instance.claimed"
    INSTANCE_CONFIGURED = "instance.configured"
    INSTANCE_SETUP_LINK_CREATED = "instance.setup_link_created"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_CREATED = "invitation.created"
    INVITATION_REFUSED = "invitation.refused"
    INVITATION_REVOKED = "invitation.revoked"
    KEY_CREATED = "key.created"
    LIMITER_TRIPPED = "limiter.tripped"
    MEMBERSHIP_REMOVED = "membership.removed"
    MEMBERSHIP_ROLE_CHANGED = "membership.role_changed"
    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_RENAMED = "organization.renamed"
    PROJECT_CREATED = "project.created"
    PROJECT_DELETED = "project.deleted"
    PROJECT_UPDATED = "project.updated"
    SECOND_FACTOR_ADDED = "second_factor.added"
    SECOND_FACTOR_FAILED = "second_factor.failed"
    SECOND_FACTOR_PASSED = "second_factor.passed"
    SECOND_FACTOR_RECOVERY_CODES_CREATED = "second_factor.recovery_codes_created"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    SECRET_CODE_SHOWN = "secret.code_shown"
    SECRET_COPIED = "secret.copied"
    SECRET_CREATED = "secret.created"
    SECRET_DOWNLOADED = "secret.downloaded"
    SECRET_PURGED = "secret.purged"
    SECRET_RESTORED = "secret.restored"
    SECRET_REVEALED = "secret.revealed"
    SECRET_TRASHED = "secret.trashed"
    SECRET_UNTRASHED = "secret.untrashed"
    SECRET_UPDATED = "secret.updated"
    SECRETS_COMPARED = "secrets.compared"
    SECRETS_IMPORTED = "secrets.imported"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_IN_PASSWORD_ACCEPTED = "sign_in.password_accepted"
    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_OUT = "sign_out"
    SUPPORT_GRANTED = "support.granted"
    SUPPORT_REVOKED = "support.revoked"
    SUPPORT_SEARCHED = "support.searched"
    SUPPORT_VIEWED = "support.viewed"


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ActorKind(StrEnum):
    PERSON = "person"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class ResourceKind(StrEnum):
    ACCOUNT = "account"
    ENVIRONMENT = "environment"
    EVENT = "event"
    INSTANCE = "instance"
    INVITATION = "invitation"
    KEY = "key"
    MEMBERSHIP = "membership"
    ORGANIZATION = "organization"
    PROJECT = "project"
    SECOND_FACTOR = "second_factor"
    SECRET = "secret"
