"""The forms of classes and of what they demand."""

from typing import Any

from django import forms

from accounts.forms import StepUpForm
from orgs.classification import Classification
from orgs.demands import BOUNDS, Demands

ABOUT = {
    Classification.INTERNAL: "Everyday secrets: the harm is small, and quickly undone.",
    Classification.SENSITIVE: "Would harm customers, colleagues or the organization.",
    Classification.CRITICAL: "Opens everything else, or moves money: few should ever need to look.",
}
"""What each class is for."""


class NumberField(forms.IntegerField):
    """A whole number between the bounds of a demand."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        least, most = BOUNDS[name]
        said = f"Enter a whole number from {least} to {most:,}."
        errors = {"min_value": said, "max_value": said, "invalid": said, "required": said}
        attributes = {"class": "input--short", "inputmode": "numeric"}
        super().__init__(
            min_value=least,
            max_value=most,
            widget=forms.NumberInput(attrs=attributes),
            error_messages=errors,
            **kwargs,
        )


class PolicyForm(forms.Form):
    """What opening a secret of a class demands."""

    step_up_minutes = NumberField(
        "step_up_minutes",
        label="Proof again, in minutes",
        required=False,
        help_text="How long ago one may have proved, with a code or the password, who one is. Empty: not asked.",
    )
    approvals = NumberField(
        "approvals",
        label="Approvals",
        help_text="How many others must have approved the access. 0: a role or a grant is enough.",
    )
    reason_required = forms.BooleanField(
        label="A reason is needed", required=False, help_text="Asked for at every opening, and kept in the log."
    )
    reveal_seconds = NumberField(
        "reveal_seconds", label="Longest look, in seconds", help_text="A shown value is hidden again after that."
    )
    longest_grant_days = NumberField(
        "longest_grant_days",
        label="Longest grant, in days",
        required=False,
        help_text="Grants that reach this class end after that at the latest. Empty: no limit.",
    )

    @property
    def demands(self) -> Demands:
        """What was entered, once it is valid."""
        return Demands(**self.cleaned_data)


class EnvironmentClassForm(forms.Form):
    """The class of an environment."""

    classification = forms.TypedChoiceField(
        label="Classification",
        choices=[(str(each.value), each.label) for each in Classification],
        coerce=lambda text: Classification(int(text)),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a class.", "invalid_choice": "Choose one of these classes."},
    )


class LoweringForm(StepUpForm):
    """The proof that lowering takes."""
