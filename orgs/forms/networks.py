"""The forms of networks."""

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.forms import StepUpForm
from accounts.models import User
from orgs.models import Machine
from orgs.models.network import NOTE_LENGTH
from orgs.networks import clean_network
from vault.forms import DescriptionField

TYPED_LENGTH = 100


class NetworkForm(forms.Form):
    """A network to be put on the list. `machines` are those that it can be for."""

    cidr = forms.CharField(
        label="Network",
        max_length=TYPED_LENGTH,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
        help_text="An address or a network, IPv4 or IPv6, such as 203.0.113.0/24 or 2001:db8::/48.",
        error_messages={"required": "Enter an address or a network, such as 203.0.113.0/24."},
    )
    note = DescriptionField(label="Note", length=NOTE_LENGTH, help_text="Whose network it is, such as Office Berlin.")
    machine = forms.ChoiceField(
        label="For",
        required=False,
        help_text="A machine needs its own networks and those of the organization, where there are any.",
        error_messages={"invalid_choice": "Choose the organization, or one of its machines."},
    )

    def __init__(self, *args: Any, machines: Iterable[Machine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.machines = {str(machine.pk): machine for machine in machines}
        field = self.fields["machine"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            ("", "Everybody in the organization"),
            *((uid, f"The machine {machine.name}") for uid, machine in self.machines.items()),
        ]

    def clean_cidr(self) -> str:
        """As it is stored."""
        return clean_network(self.cleaned_data["cidr"])

    @property
    def machine_chosen(self) -> Machine | None:
        """None for the organization. For a valid form."""
        return self.machines.get(self.cleaned_data["machine"])


class NetworkConfirmForm(StepUpForm):
    """What a change of the list takes: a proof unless there is a fresh one (`proven`), and the organization's name
    (`typed`) of whoever would be outside themselves."""

    confirmation = forms.CharField(
        max_length=TYPED_LENGTH * 2,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, person: User, proven: bool, typed: str, **kwargs: Any) -> None:
        super().__init__(*args, person=person, **kwargs)
        if proven:
            for name in ("code", "password"):
                self.fields.pop(name, None)
        if typed:
            field = self.fields["confirmation"]
            field.label = f"Type {typed} to go outside on purpose"
            field.error_messages["required"] = f"Type {typed} if that is meant."
        else:
            del self.fields["confirmation"]

    @property
    def typed(self) -> str:
        """What was typed as the confirmation. For a valid form."""
        return str(self.cleaned_data.get("confirmation", ""))
