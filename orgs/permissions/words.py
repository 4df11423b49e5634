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


_LATER = "Nothing asks for it yet."
"""Said of what is in the closed list already, so that a role can be made for it."""

GROUPS: dict[str, tuple[Explained, ...]] = {
    "Secrets": (
        Explained(Permission.SECRET_LIST, "See names", "Which secrets there are, their descriptions and tags."),
        Explained(Permission.SECRET_REVEAL, "Read values", "Shows, copies and downloads values, one at a time."),
        Explained(
            Permission.SECRET_WRITE,
            "Add and change",
            "New secrets, new values, names, descriptions, and a higher class.",
        ),
        Explained(Permission.SECRET_ROTATE, "Rotate", f"Replaces a value by a fresh one where it is used. {_LATER}"),
        Explained(Permission.SECRET_DELETE, "Move to the trash", "And takes it back from there."),
        Explained(Permission.SECRET_PURGE, "Delete for good", "Empties the trash: what was in it is gone."),
        Explained(Permission.SECRET_SHARE, "Share", f"Hands a value to somebody who is not a member. {_LATER}"),
        Explained(Permission.SECRET_EXPORT, "Export", f"Takes many values out at once. {_LATER}"),
    ),
    "Projects": (
        Explained(Permission.PROJECT_CREATE, "Create projects", "Counts in the whole organization only."),
        Explained(
            Permission.PROJECT_CONFIGURE, "Configure", "Names and environments of projects, and to lower a class there."
        ),
        Explained(Permission.PROJECT_DELETE, "Delete projects", "Those that hold no secret any more."),
    ),
    "Access": (
        Explained(
            Permission.GRANT_MANAGE,
            "Manage grants",
            "Gives and takes access, never more than one has; opens projects, reviews.",
        ),
        Explained(
            Permission.REQUEST_APPROVE, "Approve requests", "Answers those who ask for access, and reviews break-glass."
        ),
        Explained(Permission.TEAM_MANAGE, "Manage teams", "Who is in which team, within one's own access."),
        Explained(Permission.ROLE_MANAGE, "Manage roles", "Makes roles such as this one, within one's own access."),
        Explained(Permission.MACHINE_MANAGE, "Manage machines", "The programs that have access of their own."),
    ),
    "People": (
        Explained(Permission.MEMBER_INVITE, "Invite", "Up to the role that one has."),
        Explained(
            Permission.MEMBER_MANAGE,
            "Manage members",
            "Changes roles, removes people, sees what they opened, begins reviews.",
        ),
    ),
    "Activity": (
        Explained(Permission.AUDIT_VIEW, "See the activity", "Who did what and when, and who could; never a value."),
        Explained(
            Permission.AUDIT_EXPORT, "Export the activity", f"Takes the log out, for those who check it. {_LATER}"
        ),
    ),
    "Organization": (
        Explained(Permission.ORG_VIEW, "See the organization", "Its name and its members. Every member has it."),
        Explained(Permission.ORG_CONFIGURE, "Configure", "The organization's name, and the networks it is used from."),
        Explained(Permission.KEY_ROTATE, "Rotate keys", "Renews and checks the keys of the organization."),
        Explained(
            Permission.ORG_DELETE,
            "Delete the organization, set policies",
            "What opening a class asks for, who may break the glass; and with another, to destroy the keys.",
        ),
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
