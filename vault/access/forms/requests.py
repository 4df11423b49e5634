"""Asking for access, and answering."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from orgs.classification import Classification
from orgs.models import CustomRole, Environment, Project, Team
from vault.access.models import RequestedRole
from vault.access.presentation import DURATIONS, durations_up_to, lasting
from vault.access.services.asking import Wish

EVERYTHING = "organization"
_CUSTOM = "role:"

ROLE_HINTS = {
    RequestedRole.REVEAL: "Sees names and opens values. Changes nothing.",
    RequestedRole.VIEWER: "Sees which secrets there are, never their values.",
    RequestedRole.MEMBER: "Opens, adds and changes secrets, and moves them to the trash.",
}


def place_value(*, project: UUID | None = None, environment: UUID | None = None) -> str:
    """How the form names a place."""
    if environment is not None:
        return f"environment:{environment}"
    return EVERYTHING if project is None else f"project:{project}"


class AskForm(forms.Form):
    """A wish for access. The places are those that the asker may know of."""

    where = forms.ChoiceField(label="Where", error_messages={"invalid_choice": "Choose one of the places listed."})
    path = forms.CharField(
        label="Only this secret, or below this path",
        required=False,
        strip=True,
        help_text="A name such as db/url, or its first parts, such as db. Empty: everything there.",
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        label="As",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what you need to do.",
            "invalid_choice": "There is no such role. Choose one of those listed.",
        },
    )
    highest = forms.TypedChoiceField(
        label="Up to what is",
        coerce=lambda value: Classification(int(value)),
        choices=Classification.choices,
        help_text="The higher the class, the more people may have to approve.",
        error_messages={"invalid_choice": "Choose one of the classes listed."},
    )
    minutes = forms.TypedChoiceField(
        label="How long",
        coerce=int,
        choices=[(each, lasting(each)) for each in DURATIONS],
        help_text="It begins when the request is approved, and ends by itself.",
        error_messages={"invalid_choice": "Choose one of the times listed."},
    )
    team = forms.ChoiceField(
        label="For", required=False, error_messages={"invalid_choice": "Choose yourself, or a team that you are in."}
    )
    reason = forms.CharField(
        label="Why",
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever approves decides by it, and it is kept in the log. Do not paste secrets here.",
        error_messages={"required": "Write a sentence, so that others can judge it."},
    )

    def __init__(
        self,
        *args: Any,
        organization_name: str,
        projects: Sequence[Project],
        roles: Sequence[CustomRole],
        teams: Sequence[Team],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._roles = {f"{_CUSTOM}{role.uid}": role for role in roles}
        self._set("where", [(EVERYTHING, f"All of {organization_name}"), *(_group(each) for each in projects)])
        built_in = [(role.value, role.label) for role in ROLE_HINTS]
        self._set("role", [*built_in, *((value, role.name) for value, role in self._roles.items())])
        if teams:
            self._set("team", [("", "Me"), *((str(team.uid), f"The team {team.name}") for team in teams)])
        else:
            del self.fields["team"]

    def _set(self, name: str, choices: Sequence[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a choice field

    @property
    def role_choices(self) -> list[tuple[Any, str]]:
        """Each radio button with what the role may do."""
        return [(radio, self._hint(str(radio.data["value"]))) for radio in self["role"]]

    def _hint(self, value: str) -> str:
        role = self._roles.get(value)
        return ROLE_HINTS[RequestedRole(value)] if role is None else role.description or ", ".join(role.permissions)

    @property
    def wish(self) -> Wish:
        """What the valid form asks for."""
        found = self.cleaned_data
        kind, _, uid = str(found["where"]).partition(":")
        role = str(found["role"])
        custom = role.startswith(_CUSTOM)
        return Wish(
            role=RequestedRole.CUSTOM if custom else RequestedRole(role),
            custom_role=UUID(role.removeprefix(_CUSTOM)) if custom else None,
            project=UUID(uid) if kind == "project" else None,
            environment=UUID(uid) if kind == "environment" else None,
            path=found["path"],
            team=UUID(found["team"]) if found.get("team") else None,
            highest=found["highest"],
            minutes=found["minutes"],
            reason=found["reason"],
        )


def _group(project: Project) -> tuple[str, list[tuple[str, str]]]:
    """The project and its environments that the asker may know of; shared passwords have one, which is not shown."""
    environments: list[Environment] = list(project.environments.all())
    if project.kind == Project.Kind.PASSWORDS:
        return project.name, [(place_value(environment=each.uid), project.name) for each in environments]
    whole = (place_value(project=project.uid), f"All of {project.name}")
    return project.name, [
        whole,
        *((place_value(environment=each.uid), f"{project.name} / {each.name}") for each in environments),
    ]


class ApproveForm(forms.Form):
    """For how long: what was asked for, or less."""

    minutes = forms.TypedChoiceField(
        label="For how long",
        coerce=int,
        error_messages={
            "required": "Choose for how long.",
            "invalid_choice": "Approve the time that was asked for, or less, never more.",
        },
    )

    def __init__(self, *args: Any, longest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minutes"].choices = durations_up_to(longest)  # type: ignore[attr-defined]  # a choice field
        self.fields["minutes"].initial = longest


class DenyForm(forms.Form):
    """Why not."""

    answer = forms.CharField(
        label="Why not",
        strip=True,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whoever asked reads it.",
        error_messages={"required": "Write a sentence, so that they know what to do instead."},
    )
