"""What people may type at the doors of their account. Forms say what is wrong in words; the services decide."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.codes import parse_recovery_code, totp_code_problem
from accounts.context import Theme
from accounts.errors import AccountError
from accounts.hashers import PASSWORD_MAX_LENGTH
from accounts.models import User
from accounts.selectors import has_second_factor
from accounts.services.accounts import clean_email
from vault.forms import NameField


def refuse(form: forms.BaseForm, error: AccountError | ValidationError) -> None:
    """Puts what a service refused where the person sees it: at the field it is about, else above the form."""
    if isinstance(error, AccountError):
        form.add_error(error.field if error.field in form.fields else None, str(error))
    else:
        form.add_error(None, error)


class PasswordField(forms.CharField):
    """A password, taken exactly as it was typed. `autocomplete` tells password managers which one is meant."""

    def __init__(self, *, autocomplete: str = "current-password", **kwargs: Any) -> None:
        super().__init__(
            strip=False,
            max_length=PASSWORD_MAX_LENGTH,
            widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
            **kwargs,
        )
        self.error_messages["max_length"] = (
            f"A password has at most {PASSWORD_MAX_LENGTH} characters; this one has %(show_value)d."
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`: a browser would cut what is pasted, and the password would silently be another one."""
        return {}


class CodeField(forms.CharField):
    """Six digits of an authenticator, with or without spaces."""

    def __init__(self, *, autofocus: bool = False, **kwargs: Any) -> None:
        attributes = {
            **({"autofocus": ""} if autofocus else {}),
            "class": "code-input",
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "autocapitalize": "off",
            "spellcheck": "false",
        }
        super().__init__(
            widget=forms.TextInput(attrs=attributes),
            error_messages={"required": "Enter the six digits that your authenticator app shows."},
            **{"label": "Code from your authenticator app", **kwargs},
        )

    def clean(self, value: Any) -> str:
        text = super().clean(value) or ""
        if problem := totp_code_problem(text):
            raise ValidationError(problem, code="malformed")
        return text


class EitherCodeField(forms.CharField):
    """Six digits of an authenticator, or a recovery code in place of them."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"class": "mono", "autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
        super().__init__(
            widget=forms.TextInput(attrs=attributes),
            error_messages={"required": "Enter the six digits that your app shows, or one of your recovery codes."},
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        text = super().clean(value) or ""
        if parse_recovery_code(text) is None and (problem := totp_code_problem(text)):
            raise ValidationError(f"{problem} A recovery code has sixteen letters and digits.", code="malformed")
        return text


class SignInForm(forms.Form):
    """E-mail address and password."""

    email = forms.CharField(
        label="E-mail address",
        widget=forms.EmailInput(
            attrs={"autocomplete": "username", "autocapitalize": "off", "spellcheck": "false", "autofocus": ""}
        ),
        error_messages={"required": "Enter the e-mail address of your account."},
    )
    password = PasswordField(label="Password", error_messages={"required": "Enter your password."})

    def clean_email(self) -> str:
        return clean_email(self.cleaned_data["email"])


class CodeForm(forms.Form):
    """A code of the authenticator."""

    code = CodeField()


class SecondStepForm(forms.Form):
    """The same as the only thing on the page."""

    code = CodeField(autofocus=True)


class RecoveryCodeForm(forms.Form):
    """One of the recovery codes."""

    code = forms.CharField(
        label="Recovery code",
        widget=forms.TextInput(
            attrs={
                "class": "mono",
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "autofocus": "",
            }
        ),
        help_text="One of the ten that you saved, such as k7qd-23mx-2hvb-wtz5. Capitals and hyphens do not matter.",
        error_messages={"required": "Enter one of your recovery codes."},
    )

    def clean_code(self) -> str:
        text: str = self.cleaned_data["code"]
        if parse_recovery_code(text) is None:
            raise ValidationError(
                "A recovery code has sixteen letters and digits: a to z and 2 to 7. Check that you copied all of it.",
                code="malformed",
            )
        return text


class NameForm(forms.Form):
    """What others see beside one's address."""

    name = NameField(label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))


class PasswordForm(forms.Form):
    """A new password, proved by the current one."""

    password = PasswordField(label="Current password", error_messages={"required": "Enter your current password."})
    new_password = PasswordField(
        label="New password",
        autocomplete="new-password",
        help_text="At least 12 characters. A few unrelated words are easy to remember and hard to guess.",
        error_messages={"required": "Choose a new password."},
    )


class EnrolmentForm(forms.Form):
    """Starting to enrol: nothing to fill in just after signing in; the password later on; a code, too, to replace."""

    password = PasswordField(label="Your password", error_messages={"required": "Enter your password."})
    code = EitherCodeField(
        label="Code from your present authenticator app",
        help_text="If you no longer have it, one of your recovery codes.",
    )

    def __init__(self, *args: Any, password: bool, code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not password:
            del self.fields["password"]
        if not code:
            del self.fields["code"]


class RemovalForm(forms.Form):
    """Password and code, to remove the second factor."""

    password = PasswordField(label="Your password", error_messages={"required": "Enter your password."})
    code = CodeField()


class InstanceForm(forms.Form):
    """What holds for the whole instance."""

    second_factor_required = forms.BooleanField(
        label="Everybody needs a second factor",
        required=False,
        help_text="Whoever has none is asked to set one up before anything else. Holds from the next page on.",
    )
    password = PasswordField(
        label="Your password", help_text="To confirm.", error_messages={"required": "Enter your password to confirm."}
    )


class StepUpForm(forms.Form):
    """The proof that a critical action asks for: a code where there is an authenticator, else the password.

    Forms of critical actions inherit from it; their own fields come first. What is right is for
    `accounts.services.step_up` to say, with `proof`.
    """

    code = CodeField(help_text="To confirm that it is you.")
    password = PasswordField(
        label="Your password",
        help_text="To confirm that it is you.",
        error_messages={"required": "Enter your password to confirm."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proof = "code" if has_second_factor(person) else "password"
        del self.fields["password" if proof == "code" else "code"]
        self.order_fields([name for name in self.fields if name != proof])

    @property
    def proof(self) -> dict[str, str]:
        """`code` or `password` as it was typed, by name."""
        return {name: self.cleaned_data[name] for name in ("code", "password") if name in self.cleaned_data}


class ThemeForm(forms.Form):
    """Light, dark, or as the device has it."""

    theme = forms.ChoiceField(choices=[(theme.value, theme.value) for theme in Theme])
