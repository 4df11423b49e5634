"""An event in plain words: who did what to what, as a person would say it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from audit.actions import Action, ActorKind, Outcome, ResourceKind, Risk
from audit.browsers import browser_of
from audit.models import Event

_MANY = 12
"""More names than this are counted, and listed among the details."""


@dataclass(frozen=True, slots=True)
class Words:
    """How one action reads: “*actor* `verb` *object* `tail`”, with `tags` behind.

    `about`: whether the event's resource is the object. `tail`: words made of the details.
    """

    icon: str
    verb: str
    about: bool = True
    tail: Callable[[Mapping[str, Any]], str] = field(default=lambda _: "")
    tags: Callable[[Mapping[str, Any]], list[str]] = field(default=lambda _: [])
    linked: bool = True


@dataclass(frozen=True, slots=True)
class Sentence:
    """An event as a page shows it. `tone` is empty, `warning` or `danger`; `url` is empty where there is no page.

    `because` is what decided that it was allowed, or refused; `justification` what the person gave as a reason.
    """

    event: Event
    icon: str
    actor: str
    verb: str
    object: str
    url: str
    tail: str
    tags: list[str]
    tone: str
    facts: list[tuple[str, str]]
    browser: str
    because: str
    justification: str

    @property
    def at(self) -> datetime:
        return self.event.occurred_at

    def __str__(self) -> str:
        words = " ".join(part for part in (self.actor, self.verb, self.object, self.tail) if part)
        return f"{words} ({', '.join(self.tags)})" if self.tags else words


def _names(key: str) -> Callable[[Mapping[str, Any]], list[str]]:
    def tags(details: Mapping[str, Any]) -> list[str]:
        names = details.get(key)
        if isinstance(names, str):
            return [names]
        if not isinstance(names, list):
            return []
        return [str(name) for name in names] if len(names) <= _MANY else [f"{len(names)} {key.replace('_', ' ')}"]

    return tags


def _counts(*keys: str) -> Callable[[Mapping[str, Any]], list[str]]:
    return lambda details: [f"{details[key]} {key.replace('_', ' ')}" for key in keys if details.get(key)]


def _from_to(details: Mapping[str, Any]) -> str:
    before, after = details.get("from"), details.get("to")
    return f"from {_quoted(before)} to {_quoted(after)}" if before is not None and after is not None else ""


def _quoted(word: Any) -> str:
    return f"“{word}”"


def _in(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda details: f"in {details[key]}" if details.get(key) else ""


def _as_role(details: Mapping[str, Any]) -> str:
    return f"as {details['role']}" if details.get("role") else ""


def _because(details: Mapping[str, Any]) -> str:
    return f"because: {details['reason']}" if details.get("reason") else ""


def _version(details: Mapping[str, Any]) -> str:
    return f"(now version {details['version']})" if details.get("version") else ""


def _granted(details: Mapping[str, Any]) -> str:
    """To whom and where: the resource is the role."""
    to = f"to {details['subject']}" if details.get("subject") else ""
    where = f"on {details['scope']}" if details.get("scope") else ""
    return " ".join(part for part in (to, where) if part)


def _window(details: Mapping[str, Any]) -> list[str]:
    return [f"until {str(details['expires_at'])[:10]}" if details.get("expires_at") else "without end"]


def _line(details: Mapping[str, Any]) -> str:
    """What a line of a review says: who, as what, where."""
    who, role, scope = (details.get(key) for key in ("subject", "role", "scope"))
    return f"({who}: {role} on {scope})" if who and role and scope else ""


def _named(details: Mapping[str, Any]) -> str:
    return f"({details['subject']})" if details.get("subject") else ""


def _by_subject(details: Mapping[str, Any]) -> str:
    return f"by {details['subject']}" if details.get("subject") else ""


def _for_subject(details: Mapping[str, Any]) -> str:
    return f"for {details['subject']}" if details.get("subject") else ""


def _on_scope(details: Mapping[str, Any]) -> str:
    return f"on {details['scope']}" if details.get("scope") else ""


def _approvals(details: Mapping[str, Any]) -> list[str]:
    return [f"{details['approvals']} of {details['needed']}"] if details.get("needed") else []


def _below(details: Mapping[str, Any]) -> str:
    return f"below {details['parent']}" if details.get("parent") else ""


def _row(details: Mapping[str, Any]) -> str:
    return f"in {details.get('model', '')}: {details.get('reason', '')}"


_METHODS = {
    "password": "with a password",
    "authenticator": "with an authenticator",
    "recovery code": "with a recovery code",
}


def _with(details: Mapping[str, Any]) -> str:
    method = str(details.get("method", ""))
    return _METHODS.get(method, f"with {method}" if method else "")


WORDS: dict[Action, Words] = {
    Action.ACCESS_DENIED: Words("ban", "was refused access to", tags=_names("permission")),
    Action.ACCOUNT_CREATED: Words("user-plus", "created an account", about=False),
    Action.ACCOUNT_PASSWORD_CHANGED: Words("key-round", "changed the password of", tags=_counts("sessions_ended")),
    Action.ACCOUNT_RENAMED: Words("pencil", "changed the name of", tail=_from_to),
    Action.ACCOUNT_UNLOCKED: Words("lock-open", "unlocked the account"),
    Action.AUTHORITY_SEAL_ACCEPTED: Words("shield-check", "took over as it is", tail=_row),
    Action.AUTHORITY_SEAL_BROKEN: Words("shield-alert", "refused a row that is not genuine", about=False, tail=_row),
    Action.AUTHORITY_VERIFIED: Words(
        "shield-check", "verified what grants authority", about=False, tags=_counts("checked", "failed")
    ),
    Action.BREAK_GLASS_ABUSED: Words("shield-alert", "called abuse:", tail=_by_subject),
    Action.BREAK_GLASS_ENDED: Words("lock", "gave back before its time:"),
    Action.BREAK_GLASS_NAMED: Words("shield-alert", "named for break-glass", tail=_on_scope),
    Action.BREAK_GLASS_OVERDUE: Words("clock", "reminded of the overdue review of", tail=_by_subject),
    Action.BREAK_GLASS_REVIEWED: Words("shield-check", "reviewed and confirmed", tail=_by_subject),
    Action.BREAK_GLASS_UNNAMED: Words("shield-off", "took off the list of break-glass", tail=_on_scope),
    Action.BREAK_GLASS_USED: Words("shield-alert", "took access at once:"),
    Action.ENVIRONMENT_CLASSIFIED: Words("tag", "changed the classification of the environment", tail=_from_to),
    Action.ENVIRONMENT_CREATED: Words("folder-plus", "created the environment", tail=_in("project")),
    Action.ENVIRONMENT_DECLASSIFIED: Words("tag", "lowered the classification of the environment", tail=_from_to),
    Action.ENVIRONMENT_DELETED: Words("trash-2", "deleted the environment", tail=_in("project"), linked=False),
    Action.ENVIRONMENT_MOVED: Words("layers", "moved the environment", tail=_in("project")),
    Action.ENVIRONMENT_RENAMED: Words("pencil", "renamed the environment", tail=_from_to),
    Action.GRANT_CHANGED: Words("pencil", "changed how long a grant holds:", tail=_granted, tags=_window),
    Action.GRANT_GIVEN: Words("key-square", "granted", tail=_granted, tags=_window),
    Action.GRANT_REVOKED: Words("unlink", "revoked the grant of", tail=_granted),
    Action.INSTANCE_CLAIMED: Words("anchor", "set up the vault", about=False),
    Action.INSTANCE_CONFIGURED: Words(
        "settings", "changed a setting of the vault", about=False, tail=_from_to, tags=_names("setting")
    ),
    Action.INSTANCE_SETUP_LINK_CREATED: Words("link", "created a set-up link", about=False),
    Action.INVITATION_ACCEPTED: Words("log-in", "accepted the invitation of", tail=_as_role),
    Action.INVITATION_CREATED: Words("mail", "invited", tail=_as_role),
    Action.INVITATION_REFUSED: Words("ban", "was refused with the invitation of", tail=_because),
    Action.INVITATION_REVOKED: Words("unlink", "revoked the invitation of", tail=_as_role),
    Action.KEY_COMPROMISE_ANSWERED: Words(
        "shield-check", "finished the answer to a compromised key", about=False, tags=_counts("count", "keys")
    ),
    Action.KEY_COMPROMISE_DECLARED: Words("shield-alert", "declared a key compromised", about=False),
    Action.KEY_CREATED: Words("key-square", "created a key", about=False, tags=_names("purpose")),
    Action.KEY_DESTROYED: Words("trash-2", "destroyed the key", tags=_names("purpose")),
    Action.KEY_REENCRYPTED: Words("lock-keyhole", "encrypted anew under the key", tags=_counts("changed", "failed")),
    Action.KEY_REENCRYPTION_STARTED: Words("lock-keyhole", "began to encrypt anew under the key"),
    Action.KEY_RETIRED: Words("key-round", "retired the key", tags=_names("purpose")),
    Action.KEY_REWRAPPED: Words("refresh-cw", "wrapped anew under the key", tags=_counts("changed", "failed")),
    Action.KEY_REWRAPPING_STARTED: Words("refresh-cw", "began to wrap anew under the key"),
    Action.KEY_ROTATED: Words("refresh-cw", "rotated to the key", tags=_names("purpose")),
    Action.KEY_SHREDDED: Words("trash-2", "destroyed the keys of", tags=_counts("keys")),
    Action.KEY_SHRED_APPROVED: Words("trash-2", "agreed to destroy the keys of"),
    Action.KEY_SHRED_CANCELLED: Words("undo-2", "took back the request to destroy the keys of"),
    Action.KEY_SHRED_REQUESTED: Words("triangle-alert", "asked to destroy the keys of"),
    Action.KEY_VERIFIED: Words("shield-check", "verified values", about=False, tags=_counts("checked", "failed")),
    Action.LIMITER_TRIPPED: Words(
        "shield-alert", "was stopped after too many attempts", about=False, tags=_names("door")
    ),
    Action.MACHINE_CREATED: Words("server", "created the machine"),
    Action.MACHINE_DISABLED: Words("ban", "disabled the machine"),
    Action.MACHINE_ENABLED: Words("server", "enabled the machine"),
    Action.MACHINE_UPDATED: Words("pencil", "changed the machine", tail=_from_to),
    Action.MEMBERSHIP_REMOVED: Words("user-minus", "removed", tail=_as_role),
    Action.MEMBERSHIP_ROLE_CHANGED: Words("user-cog", "changed the role of", tail=_from_to),
    Action.MEMBERSHIP_SEEN_EXPORTED: Words("download", "took out the list of what was seen by"),
    Action.MEMBERSHIP_SETTLED: Words(
        "user-minus", "settled what is left behind by", tags=_counts("grants", "remaining")
    ),
    Action.NETWORKS_CLEARED: Words("globe", "let in from anywhere again:", tags=_counts("removed")),
    Action.NETWORK_ADDED: Words("globe", "put on the list of networks", tail=_for_subject),
    Action.NETWORK_REMOVED: Words("globe", "took off the list of networks", tail=_for_subject),
    Action.ORGANIZATION_CREATED: Words("building-2", "created the organization"),
    Action.ORGANIZATION_RENAMED: Words("pencil", "renamed the organization", about=False, tail=_from_to),
    Action.POLICY_CHANGED: Words("shield", "changed the policy for", tags=_names("to")),
    Action.POLICY_LOWERED: Words("shield-off", "lowered what the policy demands for", tags=_names("to")),
    Action.PROJECT_CREATED: Words("folder-plus", "created the project"),
    Action.PROJECT_DELETED: Words("trash-2", "deleted the project", linked=False),
    Action.PROJECT_OPENED: Words("lock-open", "opened to every member the project", tail=_as_role),
    Action.PROJECT_RESTRICTED: Words("lock", "restricted the project"),
    Action.PROJECT_UPDATED: Words("pencil", "changed the project", tail=_from_to),
    Action.REQUEST_APPROVED: Words("check", "approved the request for", tail=_for_subject, tags=_approvals),
    Action.REQUEST_ASKED: Words("key-square", "asked for", tail=_for_subject),
    Action.REQUEST_DENIED: Words("ban", "denied the request for", tail=_for_subject),
    Action.REQUEST_EXPIRED: Words("clock", "marked as expired the request for", tail=_for_subject),
    Action.REQUEST_WITHDRAWN: Words("undo-2", "withdrew the request for", tail=_for_subject),
    Action.REVIEW_BEGUN: Words("shield", "began the review", tail=_on_scope, tags=_counts("lines")),
    Action.REVIEW_CLOSED: Words("lock", "closed the review", tags=_counts("confirmed", "revoked", "gone")),
    Action.REVIEW_CONFIRMED: Words("check", "confirmed a line of the review", tail=_line),
    Action.REVIEW_EXPORTED: Words("download", "took out the result of the review", tags=_counts("lines")),
    Action.REVIEW_GONE: Words("unlink", "marked as gone a line of the review", tail=_line),
    Action.REVIEW_REMINDED: Words("clock", "reminded of the overdue review", tail=_for_subject, tags=_counts("lines")),
    Action.REVIEW_REVIEWER_ADDED: Words("user-plus", "chose another reviewer for", tail=_named),
    Action.REVIEW_REVOKED: Words("unlink", "revoked by the review", tail=_line),
    Action.ROLE_CREATED: Words("shield", "created the role", tags=_names("permissions")),
    Action.ROLE_DELETED: Words("trash-2", "deleted the role"),
    Action.ROLE_UPDATED: Words("shield", "changed the role", tail=_from_to, tags=_names("permissions")),
    Action.ROOT_KEY_RECOVERED: Words("life-buoy", "recovered the root key"),
    Action.ROOT_KEY_ROTATION_FINISHED: Words("refresh-cw", "finished the rotation to the root key"),
    Action.ROOT_KEY_ROTATION_STARTED: Words("refresh-cw", "began the rotation to the root key"),
    Action.ROOT_KEY_SHARE_CONFIRMED: Words("check", "confirmed a share of the root key"),
    Action.ROOT_KEY_SPLIT: Words("layers", "made recovery shares of the root key"),
    Action.SECOND_FACTOR_ADDED: Words("smartphone", "set up a second factor for"),
    Action.SECOND_FACTOR_FAILED: Words("shield-alert", "gave a wrong code for"),
    Action.SECOND_FACTOR_PASSED: Words("shield-check", "passed the second factor of", tail=_with),
    Action.SECOND_FACTOR_RECOVERY_CODES_CREATED: Words("life-buoy", "made new recovery codes for"),
    Action.SECOND_FACTOR_REMOVED: Words("shield-off", "removed the second factor of"),
    Action.SECRETS_COMPARED: Words("git-compare", "compared a .env file with the values in", tags=_names("names")),
    Action.SECRETS_IMPORTED: Words("file-up", "imported a .env file into", tags=_counts("new", "added", "changed")),
    Action.SECRET_CLASSIFIED: Words("tag", "changed the classification of", tail=_from_to),
    Action.SECRET_CODE_SHOWN: Words("timer", "saw the one-time code of"),
    Action.SECRET_COPIED: Words("copy", "copied", tags=_names("fields")),
    Action.SECRET_CREATED: Words("plus", "created"),
    Action.SECRET_DECLASSIFIED: Words("tag", "lowered the classification of", tail=_from_to),
    Action.SECRET_DOWNLOADED: Words("download", "downloaded", tags=_names("fields")),
    Action.SECRET_PURGED: Words("trash-2", "deleted for good", linked=False),
    Action.SECRET_RESTORED: Words(
        "rotate-ccw", "restored an earlier version of", tail=_version, tags=_names("changed_fields")
    ),
    Action.SECRET_REVEALED: Words("eye", "revealed", tags=_names("fields")),
    Action.SECRET_TRASHED: Words("trash-2", "moved to the trash"),
    Action.SECRET_UNTRASHED: Words("undo-2", "took out of the trash", tail=_from_to),
    Action.SECRET_UPDATED: Words("pencil", "changed", tail=_version, tags=_names("changed_fields")),
    Action.SIGN_IN_FAILED: Words("shield-alert", "could not sign in", about=False),
    Action.SIGN_IN_PASSWORD_ACCEPTED: Words("log-in", "gave the right password of"),
    Action.SIGN_IN_SUCCEEDED: Words("log-in", "signed in", about=False, tail=_with),
    Action.SIGN_OUT: Words("log-out", "signed out", about=False),
    Action.SUPPORT_GRANTED: Words("life-buoy", "gave access to the support desk to"),
    Action.SUPPORT_REVOKED: Words("life-buoy", "took access to the support desk from"),
    Action.SUPPORT_SEARCHED: Words("search", "searched as support staff", about=False, tags=_names("model")),
    Action.SUPPORT_VIEWED: Words("life-buoy", "looked as support staff at", tags=_names("model")),
    Action.TEAM_CREATED: Words("users", "created the team", tail=_below),
    Action.TEAM_DELETED: Words("trash-2", "deleted the team"),
    Action.TEAM_MEMBERS_ADDED: Words("user-plus", "added people to the team", tags=_names("names")),
    Action.TEAM_MEMBER_REMOVED: Words("user-minus", "took somebody out of the team", tags=_names("names")),
    Action.TEAM_MOVED: Words("users", "moved the team", tail=_below),
    Action.TEAM_UPDATED: Words("pencil", "changed the team", tail=_from_to),
}

_PAGES = {ResourceKind.SECRET: "secrets:detail", ResourceKind.PROJECT: "secrets:project"}
"""Kinds of thing that have a page, by the name of its address: an event links there. Purged ones answer 404."""

_HIDDEN = frozenset({"model"})


def sentence_of(event: Event, *, link: bool = True) -> Sentence:
    """The event in words. `link`: whether its object becomes a link (not on the object's own page)."""
    action = Action(event.action)
    words = WORDS[action]
    details: dict[str, Any] = event.details if isinstance(event.details, dict) else {}
    verb, about = words.verb, words.about
    if action is Action.MEMBERSHIP_REMOVED and details.get("left"):
        verb, about = "left the organization", False
    return Sentence(
        event=event,
        icon=words.icon,
        actor=_actor(event),
        verb=verb,
        object=_object(event) if about else "",
        url=_page(event) if about and link and words.linked else "",
        tail=words.tail(details),
        tags=words.tags(details),
        tone=_tone(event),
        facts=_facts(event, details),
        browser=browser_of(event.user_agent),
        because=_decided(details),
        justification=str(details.get("justification", "")),
    )


def _decided(details: Mapping[str, Any]) -> str:
    because = details.get("because", "")
    return "; ".join(map(str, because)) if isinstance(because, list) else str(because or "")


def _actor(event: Event) -> str:
    if event.actor_kind == ActorKind.ANONYMOUS:
        return f"Somebody (as {event.actor_label})" if event.actor_label else "Somebody"
    return event.actor_label or "Somebody"


def _object(event: Event) -> str:
    if event.resource_kind == ResourceKind.ACCOUNT and event.resource_id == event.actor_id:
        return "their own account"
    kind = event.resource_kind.replace("_", " ")
    return event.resource_label or (f"a {kind}" if kind else "something")


def _page(event: Event) -> str:
    name = _PAGES.get(ResourceKind(event.resource_kind)) if event.resource_kind else None
    if name is None:
        return ""
    try:
        return reverse(name, args=[event.resource_id])
    except NoReverseMatch:
        return ""


def _tone(event: Event) -> str:
    if event.outcome != Outcome.SUCCESS:
        return "danger" if event.risk in (Risk.HIGH, Risk.CRITICAL) else "warning"
    return "warning" if event.risk in (Risk.HIGH, Risk.CRITICAL) else ""


def _facts(event: Event, details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything else the event says, as term and text."""
    facts = [("Action", event.action), ("Outcome", event.outcome), ("Risk", event.risk)]
    facts += [
        (key.replace("_", " ").capitalize(), _fact(found))
        for key, found in sorted(details.items())
        if key not in _HIDDEN and found not in (None, "", [])
    ]
    facts += [("Address", event.ip or "none"), ("Browser", event.user_agent or "none")]
    return [*facts, ("Correlation id", event.correlation_id), ("Event", str(event.uid))]


def _fact(found: Any) -> str:
    if isinstance(found, bool):
        return "yes" if found else "no"
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)
