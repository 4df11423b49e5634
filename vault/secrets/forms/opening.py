"""What the policy of a class asks for when a value is opened: the proof that it is oneself, a reason."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import StepUpForm
from accounts.models import User
from vault.secrets.errors import EvidenceNeeded, ReasonRefused
from vault.secrets.evidence import REASON_LENGTH, clean_reason

ANSWERS = ("code", "password", "reason")
"""The fields of the form, none of which another form of secrets has."""


class EvidenceForm(StepUpForm):
    """Asks for what is missing, and for nothing else."""

    reason = forms.CharField(
        label="Why do you open it?",
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="For example a ticket. It is kept in the log for good, so leave out anything secret.",
        error_messages={"required": "Say in a few words why you open it."},
    )

    def __init__(self, *args: Any, person: User, needed: EvidenceNeeded, **kwargs: Any) -> None:
        super().__init__(*args, person=person, **kwargs)
        missing = {"code": needed.step_up, "password": needed.step_up, "reason": needed.reason}
        for name, wanted in missing.items():
            if not wanted:
                self.fields.pop(name, None)

    def clean_reason(self) -> str:
        """The reason as it is kept."""
        try:
            return clean_reason(self.cleaned_data["reason"])
        except ReasonRefused as error:
            raise ValidationError(str(error)) from None
