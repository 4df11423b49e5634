"""The form that says who reaches a project."""

from typing import Any

from django import forms

from orgs.roles import OPEN_ROLES, ROLE_HINTS, Role
from orgs.services.openness import RESTRICTED


class OpennessForm(forms.Form):
    """As what a project is open to every member, if it is."""

    openness = forms.ChoiceField(
        label="Who reaches it",
        choices=[
            *((role.value, f"Open: every member is {role.label}") for role in OPEN_ROLES),
            (RESTRICTED, "Restricted"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who reaches it.", "invalid_choice": "Choose one of these."},
    )

    @property
    def hints(self) -> list[tuple[Any, str]]:
        """Each radio button with what it means."""
        words = {role.value: ROLE_HINTS[role] for role in OPEN_ROLES}
        words[RESTRICTED] = "Owners, admins, and those alone whom a grant of their own or of a team reaches."
        return [(radio, words[str(radio.data["value"])]) for radio in self["openness"]]

    @property
    def role(self) -> Role | None:
        """The role that every member is to have, once the form is valid; None for a restricted project."""
        chosen = self.cleaned_data["openness"]
        return None if chosen == RESTRICTED else Role(chosen)
