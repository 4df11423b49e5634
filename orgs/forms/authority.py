"""The forms of teams, roles, machines, grants and openness.

What can be chosen is what the person may choose: an id of anything else is no choice, whether it exists or not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from orgs.classification import Classification
from orgs.models import CustomRole, Grant, Machine, Membership, Project, Team
from orgs.names import AUTHORITY_DESCRIPTION_LENGTH, MACHINE_NAME_LENGTH, ROLE_NAME_LENGTH, TEAM_NAME_LENGTH
from orgs.permissions import Permission, Reach
from orgs.permissions.words import GROUPS, Explained
from orgs.places import PATH_LENGTH, Scope, clean_path
from orgs.roles import Role
from orgs.services.grants import REASON_LENGTH, Subject, Terms
from vault.forms import DescriptionField, NameField

Choices = list[tuple[str, str | list[tuple[str, str]]]]

GRANTABLE = tuple(role for role in Role if role is not Role.OWNER)
_QUIET = {"autocomplete": "off"}


class MomentField(forms.DateTimeField):
    """A day and a time, in the time zone of the server, which its help text names."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
            error_messages={"invalid": "Enter a day and a time, such as 2026-12-24T18:00."},
            required=False,
            **kwargs,
        )


class ScopeChoices:
    """The scopes that somebody who manages grants here can choose from, by the texts that stand for them.

    `projects`: those of which a part is among what is `reached`, with such environments (`places_within`).
    """

    def __init__(self, organization: UUID, reached: Iterable[Reach], projects: Iterable[Project]) -> None:
        self.reached = list(reached)
        self.scopes: dict[str, Scope] = {}
        self.choices: Choices = []
        everything = Scope(organization)
        if self.includes(everything):
            self._offer("organization", everything)
            self.choices.append(("organization", "The whole organization"))
        for project in projects:
            offered = list(self._of(project))
            if offered:
                self.choices.append((project.name, offered))

    def includes(self, scope: Scope) -> bool:
        """Whether all of a scope is among what is reached."""
        return any(reach.scope.includes(scope) for reach in self.reached)

    def _of(self, project: Project) -> Iterable[tuple[str, str]]:
        whole = Scope(project.organization_id, project.pk)
        if self.includes(whole):
            yield self._offer(f"project:{project.pk}", whole), f"All of {project.name}"
        for environment in project.environments.all():
            scope = Scope(project.organization_id, project.pk, environment.pk)
            label = project.name if project.kind == Project.Kind.PASSWORDS else f"{project.name} / {environment}"
            yield self._offer(f"environment:{environment.pk}", scope), label

    def _offer(self, text: str, scope: Scope) -> str:
        self.scopes[text] = scope
        return text

    def below(self) -> str:
        """The paths below which alone something is reached, in words."""
        return ", ".join(sorted({f"{reach.scope.path}/" for reach in self.reached if reach.scope.path}))


class TeamForm(forms.Form):
    """A team's name, description, and the team above it."""

    name = NameField(label="Name", length=TEAM_NAME_LENGTH, widget=forms.TextInput(attrs=_QUIET))
    description = DescriptionField(label="Description", length=AUTHORITY_DESCRIPTION_LENGTH)
    parent = forms.ChoiceField(
        label="Below",
        required=False,
        help_text="What the team above was granted reaches the members of this one, too.",
        error_messages={"invalid_choice": "Choose one of these teams, or none."},
    )

    def __init__(self, *args: Any, parents: Sequence[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parents = {str(team.pk): team for team in parents}
        named = [(uid, team.name) for uid, team in self.parents.items()]
        self.fields["parent"].choices = [("", "No other team"), *named]  # type: ignore[attr-defined]  # a choice field

    @property
    def parent_team(self) -> Team | None:
        """The team that was chosen, once the form is valid."""
        return self.parents.get(self.cleaned_data["parent"])


class TeamMembersForm(forms.Form):
    """Who is to come into a team."""

    members = forms.MultipleChoiceField(
        label="Members",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one member.",
            "invalid_choice": "Somebody among these is not a member. Reload the page.",
            "invalid_list": "Choose at least one member.",
        },
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(member.pk): member for member in members}
        named = [(uid, f"{member.user.name} ({member.user.email})") for uid, member in self.people.items()]
        self.fields["members"].choices = named  # type: ignore[attr-defined]  # a choice field

    @property
    def chosen(self) -> list[Membership]:
        """Those who were chosen, once the form is valid."""
        return [self.people[uid] for uid in self.cleaned_data["members"]]


class CustomRoleForm(forms.Form):
    """A role's name, description and permissions."""

    name = NameField(label="Name", length=ROLE_NAME_LENGTH, widget=forms.TextInput(attrs=_QUIET))
    description = DescriptionField(label="Description", length=AUTHORITY_DESCRIPTION_LENGTH)
    permissions = forms.TypedMultipleChoiceField(
        label="Permissions",
        coerce=Permission,
        choices=[(each.value, each.value) for each in Permission],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one permission: a role without any gives nothing.",
            "invalid_choice": "There is no such permission. Choose among these.",
        },
    )

    def __init__(self, *args: Any, held: Iterable[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = frozenset(held)

    @property
    def groups(self) -> list[tuple[str, list[tuple[Explained, Any, bool]]]]:
        """By heading, each permission with its box, and whether the person holds it: only then it can be given."""
        boxes = {str(box.data["value"]): box for box in self["permissions"]}
        return [
            (heading, [(each, boxes[each.permission], each.permission in self.held) for each in group])
            for heading, group in GROUPS.items()
        ]


class MachineForm(forms.Form):
    """A machine's name and what it is for."""

    name = NameField(label="Name", length=MACHINE_NAME_LENGTH, widget=forms.TextInput(attrs=_QUIET))
    description = DescriptionField(label="Description", length=AUTHORITY_DESCRIPTION_LENGTH)


class WindowForm(forms.Form):
    """From when until when a grant holds."""

    starts_at = MomentField(label="From", help_text="Empty: from now.")
    ends_at = MomentField(label="Until", help_text="Empty: without end.")

    def __init__(self, *args: Any, begun: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()
        if begun:
            del self.fields["starts_at"]
        else:
            self.fields["starts_at"].help_text = f"Empty: from now. In {zone}."
        self.fields["ends_at"].help_text = f"Empty: without end. In {zone}."


class GrantForm(WindowForm):
    """Who gets which role where, until when, up to which class, and why."""

    subject = forms.ChoiceField(
        label="To whom",
        error_messages={
            "required": "Choose a member, a team or a machine.",
            "invalid_choice": "Choose one of these members, teams and machines.",
        },
    )
    role = forms.ChoiceField(
        label="Role",
        error_messages={"required": "Choose a role.", "invalid_choice": "Choose one of these roles."},
    )
    scope = forms.ChoiceField(
        label="Where",
        error_messages={
            "required": "Choose where the role is to hold.",
            "invalid_choice": "You manage no grants there. Choose one of these places.",
        },
    )
    path = forms.CharField(
        label="Only below",
        required=False,
        max_length=8 * PATH_LENGTH,  # clean_path says more
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", **_QUIET}),
        help_text="The first parts of names in one environment: db for db, db/url and db/primary/url. Empty: all.",
    )
    highest = forms.TypedChoiceField(
        label="Up to",
        coerce=lambda text: Classification(int(text)),
        choices=[(str(each.value), each.label) for each in Classification],
        widget=forms.RadioSelect,
        help_text="Secrets of a higher classification are not reached.",
        error_messages={"required": "Choose the highest classification.", "invalid_choice": "Choose one of these."},
    )
    reason = DescriptionField(label="Reason", length=REASON_LENGTH)
    field_order = ("subject", "role", "scope", "path", "highest", "starts_at", "ends_at", "reason")

    def __init__(
        self,
        *args: Any,
        subjects: dict[str, Sequence[Subject]],
        roles: Sequence[CustomRole],
        places: ScopeChoices,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        self.subjects = {str(each.pk): each for found in subjects.values() for each in found}
        self.roles: dict[str, Role | CustomRole] = {role.value: role for role in GRANTABLE}
        self.roles |= {str(role.pk): role for role in roles}
        own = [(str(role.pk), role.name) for role in roles]
        built_in = [(role.value, role.label) for role in GRANTABLE]
        named = [(heading, [(str(each.pk), label_of(each)) for each in found]) for heading, found in subjects.items()]
        self._offer("subject", "Choose …", [group for group in named if group[1]])
        self._offer("role", "Choose …", [("Built in", built_in), *([("Of this organization", own)] if own else [])])
        self._offer("scope", "Choose …", places.choices)

    def _offer(self, name: str, first: str, choices: Sequence[Any]) -> None:
        self.fields[name].choices = [("", first), *choices]  # type: ignore[attr-defined]  # a choice field

    def clean_path(self) -> str:
        """As it is stored."""
        return clean_path(str(self.cleaned_data["path"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "scope" in cleaned and "path" in cleaned and not self.places.includes(self.chosen_scope):
            self.add_error("path", f"You manage grants there only below {self.places.below()}. Enter such a path.")
        return cleaned

    @property
    def chosen_scope(self) -> Scope:
        """The scope that was chosen, with the path."""
        scope = self.places.scopes[self.cleaned_data["scope"]]
        return Scope(scope.organization, scope.project, scope.environment, self.cleaned_data["path"])

    @property
    def wanted(self) -> tuple[Subject, Role | CustomRole, Terms]:
        """What was entered, once it is valid."""
        cleaned = self.cleaned_data
        starts_at: datetime | None = cleaned["starts_at"]
        terms = Terms(self.chosen_scope, starts_at, cleaned["ends_at"], cleaned["highest"], cleaned["reason"])
        return self.subjects[cleaned["subject"]], self.roles[cleaned["role"]], terms


class GrantFilterForm(forms.Form):
    """What the list of grants is narrowed to. What is none of the choices narrows nothing."""

    kind = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "Everybody"), *((each.value, each.label) for each in Grant.SubjectKind)],
    )
    role = forms.ChoiceField(label="Role", required=False)
    project = forms.ChoiceField(label="Project", required=False)

    def __init__(self, *args: Any, roles: Sequence[CustomRole], projects: Sequence[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        built_in = [(role.value, role.label) for role in GRANTABLE]
        own = [(str(role.pk), role.name) for role in roles]
        self.fields["role"].choices = [("", "All roles"), *built_in, *own]  # type: ignore[attr-defined]  # a choice field
        named = [(str(project.pk), project.name) for project in projects]
        self.fields["project"].choices = [("", "All places"), *named]  # type: ignore[attr-defined]  # a choice field


def label_of(subject: Subject) -> str:
    """How a member, a team or a machine is called in a list to choose from."""
    if isinstance(subject, Membership):
        return f"{subject.user.name} ({subject.user.email})"
    if isinstance(subject, Machine) and not subject.is_active:
        return f"{subject.name} (disabled)"
    return subject.name
