"""Who gets what somebody leaves behind."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms

from orgs.models import Membership, Team
from vault.access.forms.choices import people
from vault.access.leaving import Place
from vault.access.services import Handover

READS, WRITES = "read", "write"


class LeavingForm(forms.Form):
    """For each environment in which something is left behind, to whom it goes. `places`: those that can be handed
    over; `typed`: the address that is typed where something is left as it is, empty where nothing can be."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        places: Sequence[Place],
        members: Iterable[Membership],
        teams: Iterable[Team],
        typed: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        members_listed = people(members, prefix="member:")
        groups = [(f"team:{each.pk}", each.name) for each in teams]
        choices: list[Any] = [("", "Nobody: leave it as it is")]
        choices += [(label, found) for label, found in (("Members", members_listed), ("Teams", groups)) if found]
        for place in places:
            self.fields[self.name_of(place)] = forms.ChoiceField(
                label="Goes to",
                choices=choices,
                required=False,
                error_messages={"invalid_choice": "Choose one of the members and teams listed."},
            )
        if places:
            self.fields["access"] = forms.ChoiceField(
                label="Whoever gets something may",
                choices=[(READS, "See names and open values"), (WRITES, "Also add, change and move to the trash")],
                initial=READS,
                error_messages={"invalid_choice": "Choose one of the two.", "required": "Choose one of the two."},
            )
        if typed:
            self.fields["confirmation"] = forms.CharField(
                label=f"Type {typed} if something is left as it is",
                required=False,
                max_length=254,
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
            )

    @staticmethod
    def name_of(place: Place) -> str:
        """The field of a place."""
        return f"to-{place.environment.pk}"

    @property
    def handovers(self) -> list[Handover]:
        """What was chosen, once it is valid."""
        writes = self.cleaned_data.get("access") == WRITES
        found = []
        for place in self.places:
            kind, _, uid = self.cleaned_data[self.name_of(place)].partition(":")
            if kind:
                subject = {"member": UUID(uid)} if kind == "member" else {"team": UUID(uid)}
                found.append(Handover(place.environment.pk, writes=writes, **subject))
        return found
