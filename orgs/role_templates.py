"""Roles for the usual jobs, to begin with: a copy is the organization's own and can be changed."""

from dataclasses import dataclass

from orgs.permissions import Permission


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """`key` stands in addresses; `sentence` says whom it is for."""

    key: str
    name: str
    sentence: str
    permissions: frozenset[Permission]


TEMPLATES: tuple[RoleTemplate, ...] = (
    RoleTemplate(
        "deployment-engineer",
        "Deployment engineer",
        "Rolls out and runs what others build: reads, exports and rotates values, and makes no new ones.",
        frozenset(
            {
                Permission.ORG_VIEW,
                Permission.SECRET_LIST,
                Permission.SECRET_REVEAL,
                Permission.SECRET_EXPORT,
                Permission.SECRET_ROTATE,
            }
        ),
    ),
    RoleTemplate(
        "developer",
        "Developer",
        "Builds an application and looks after its configuration: reads, adds and changes values, and bins old ones.",
        frozenset(
            {
                Permission.ORG_VIEW,
                Permission.SECRET_LIST,
                Permission.SECRET_REVEAL,
                Permission.SECRET_WRITE,
                Permission.SECRET_DELETE,
            }
        ),
    ),
    RoleTemplate(
        "monitoring",
        "Monitoring",
        "Watches that everything that should be there is there: sees names, and never a value.",
        frozenset({Permission.ORG_VIEW, Permission.SECRET_LIST}),
    ),
    RoleTemplate(
        "auditor",
        "Auditor",
        "Checks who did what and who could: sees names and the activity, takes the log out, and never sees a value.",
        frozenset({Permission.ORG_VIEW, Permission.SECRET_LIST, Permission.AUDIT_VIEW, Permission.AUDIT_EXPORT}),
    ),
)

BY_KEY = {each.key: each for each in TEMPLATES}
