"""Permissions in the words that a person who makes a role reads, in the order in which they are shown."""

from collections.abc import Collection
from dataclasses import dataclass

from orgs.permissions.catalogue import Permission


@dataclass(frozen=True, slots=True)
class Explained:
    """`label`: what somebody with the permission can do, as a short command. `hint`: what that means."""

    permission: Permission
    label: str
    hint: str


GROUPS: dict[str, tuple[Explained, ...]] = {
    "Secrets": (
        Explained(Permission.SECRET_LIST, "See names", "Which secrets there are, their descriptions and tags."),
        Explained(Permission.SECRET_REVEAL, "Read values", "Shows, copies and downloads values, one at a time."),
        Explained(Permission.SECRET_WRITE, "Add and change", "New secrets, new values, names and descriptions."),
        Explained(Permission.SECRET_ROTATE, "Rotate", "Replaces a value by a fresh one where it is used."),
        Explained(Permission.SECRET_DELETE, "Move to the trash", "From where it can be taken back."),
        Explained(Permission.SECRET_PURGE, "Delete for good", "Empties the trash: what was in it is gone."),
        Explained(Permission.SECRET_SHARE, "Share", "Hands a value to somebody who is not a member."),
        Explained(Permission.SECRET_EXPORT, "Export", "Takes many values out at once."),
    ),
    "Projects": (
        Explained(Permission.PROJECT_CREATE, "Create projects", "Counts in the whole organization only."),
        Explained(Permission.PROJECT_CONFIGURE, "Configure", "Names, descriptions and environments of projects."),
        Explained(Permission.PROJECT_DELETE, "Delete projects", "Those that hold no secret any more."),
    ),
    "Access": (
        Explained(Permission.GRANT_MANAGE, "Manage grants", "Gives and takes access, never more than one has."),
        Explained(Permission.REQUEST_APPROVE, "Approve requests", "Agrees to access that others ask for."),
        Explained(Permission.TEAM_MANAGE, "Manage teams", "Who is in which team, within one's own access."),
        Explained(Permission.ROLE_MANAGE, "Manage roles", "Makes roles such as this one, within one's own access."),
        Explained(Permission.MACHINE_MANAGE, "Manage machines", "The programs that have access of their own."),
    ),
    "People": (
        Explained(Permission.MEMBER_INVITE, "Invite", "Up to the role that one has."),
        Explained(Permission.MEMBER_MANAGE, "Manage members", "Changes roles, and removes people."),
    ),
    "Activity": (
        Explained(Permission.AUDIT_VIEW, "See the activity", "Who did what and when, never a value."),
        Explained(Permission.AUDIT_EXPORT, "Export the activity", "Takes the log out, for those who check it."),
    ),
    "Organization": (
        Explained(Permission.ORG_VIEW, "See the organization", "Its name and its members. Every member has it."),
        Explained(Permission.ORG_CONFIGURE, "Configure", "The organization's name and its policies."),
        Explained(Permission.KEY_ROTATE, "Rotate keys", "Renews and checks the keys of the organization."),
        Explained(Permission.ORG_DELETE, "Delete the organization", "And destroy its keys, together with another."),
    ),
}
"""By heading. Every permission is in exactly one of them."""

LABELS = {each.permission: f"{group.lower()}: {each.label.lower()}" for group, all_ in GROUPS.items() for each in all_}
"""A permission within a sentence, such as “secrets: read values”."""


def in_words(permissions: Collection[Permission]) -> list[str]:
    """Several permissions, a phrase for each group: “Secrets: see names, read values”; “Secrets: everything”."""
    phrases = []
    for group, each in GROUPS.items():
        held = [explained.label.lower() for explained in each if explained.permission in permissions]
        if held:
            phrases.append(f"{group}: {'everything' if len(held) == len(each) else ', '.join(held)}")
    return phrases
