"""What people type to confirm an act on keys. Forms say what is wrong in words; the services decide again."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.errors import AccountError
from accounts.forms import StepUpForm
from vault.custody.errors import CustodyError


def refuse(form: forms.BaseForm, error: AccountError | CustodyError) -> None:
    """Puts what a service refused where the person sees it: at the field it is about, else above the form."""
    form.add_error(error.field if error.field in form.fields else None, str(error))


NOW, LATER = "now", "later"
"""When keys are destroyed: the words of the two buttons."""


class ConfirmForm(StepUpForm):
    """Nothing but the proof that it is oneself."""


class TypedConfirmForm(StepUpForm):
    """A name that has to be typed exactly, and the proof: for what cannot be undone."""

    confirmation = forms.CharField(
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
        error_messages={"required": "Type the name to confirm."},
    )

    def __init__(self, *args: Any, typed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.typed = typed
        self.fields["confirmation"].label = f"Type “{typed}” to confirm"
        self.fields["confirmation"].widget.attrs["data-typed"] = typed

    def clean_confirmation(self) -> str:
        text: str = self.cleaned_data["confirmation"]
        if text != self.typed:
            raise ValidationError("This is not the name. Type it exactly as it stands above.", code="mismatch")
        return text


class AgreeForm(TypedConfirmForm):
    """Agreeing to destroy keys, with the button that says when: `now` in this request, `later` by the operator.

    `pressed`: every `when` that came. Without exactly one of the two nothing is agreed to: what cannot be undone is
    never what happens when nothing was chosen.
    """

    def __init__(self, *args: Any, pressed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pressed = pressed

    @property
    def now(self) -> bool:
        """Whether the keys are to be destroyed at once."""
        return self.pressed == [NOW]

    def clean(self) -> dict[str, Any] | None:
        if self.pressed not in ([NOW], [LATER]):
            text = "Choose with one of the buttons when the keys are destroyed. Nothing has happened yet."
            raise ValidationError(text, code="choice")
        return super().clean()
