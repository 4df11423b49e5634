"""Forms about organizations, the people in them, and their projects."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import PasswordField
from accounts.models import User
from accounts.services import check_new_password
from accounts.services.accounts import clean_email
from orgs.errors import InvalidEnvironments, OrganizationError
from orgs.forms.openness import OpennessForm
from orgs.models import Project
from orgs.names import (
    ENVIRONMENT_NAME_LENGTH,
    ORGANIZATION_NAME_LENGTH,
    PERSON_NAME_LENGTH,
    PROJECT_DESCRIPTION_LENGTH,
    PROJECT_NAME_LENGTH,
)
from orgs.roles import ROLE_HINTS, Role
from orgs.services.projects import DEFAULT_ENVIRONMENTS, clean_environments
from orgs.tokens import TOKEN_LENGTH
from vault.forms import DescriptionField, NameField


def refuse(form: forms.BaseForm, error: OrganizationError | ValidationError) -> None:
    """Puts what a service refused where the person sees it: at the field it is about, else above the form."""
    if isinstance(error, OrganizationError):
        _add(form, error.field, [str(error)])
    elif hasattr(error, "error_dict"):
        for field, texts in error.message_dict.items():
            _add(form, field, texts)
    else:
        _add(form, None, error.messages)


def _add(form: forms.BaseForm, field: str | None, texts: list[str]) -> None:
    for text in texts:
        form.add_error(field if field in form.fields else None, text)


class AddressField(forms.CharField):
    """An e-mail address to write to."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "off", "spellcheck": "false"})

    def clean(self, value: Any) -> str:
        text = value if isinstance(value, str) else ""
        if not text.strip():
            raise ValidationError("Enter an e-mail address, such as name@example.com.", code="required")
        return clean_email(text)


class TokenField(forms.CharField):
    """A one-time token that the link's fragment fills in; without JavaScript it is pasted."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"data-from-fragment": "", "autocomplete": "off", "spellcheck": "false", "class": "mono"}
        super().__init__(
            widget=forms.TextInput(attrs=attributes),
            error_messages={"required": "Open the whole link, or paste the part after the # here."},
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        """Takes a pasted link as well as its last part."""
        text = super().to_python(value) or ""
        return text.rpartition("#")[2].strip()[: 2 * TOKEN_LENGTH]  # enough to be refused


def password_field() -> PasswordField:
    """A new password, entered once: it can be shown while it is typed."""
    return PasswordField(
        label="Password",
        autocomplete="new-password",
        help_text="At least 12 characters. A few unrelated words are easy to remember and hard to guess.",
        error_messages={"required": "Choose a password."},
    )


class PasswordRulesMixin(forms.Form):
    """Checks `password` against the rules, with what is known about the person."""

    def person(self) -> User:
        """The account to be, for the rule that a password must not resemble the name or the address."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            try:
                check_new_password(password, person=self.person())
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class SetupForm(PasswordRulesMixin):
    """The first owner and the first organization."""

    token = TokenField(label="Set-up token", help_text="The part of the set-up link after the #.")
    name = NameField(
        label="Your name", length=PERSON_NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = AddressField(label="E-mail address", help_text="You sign in with it.")
    password = password_field()
    organization_name = NameField(
        label="Organization name",
        length=ORGANIZATION_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        help_text="Whose secrets these are: a company, a team, a family.",
    )

    def person(self) -> User:
        return User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))


class JoinTokenForm(forms.Form):
    """Opens an invitation."""

    token = TokenField(label="Invitation token", help_text="The part of the invitation link after the #.")


class JoinForm(PasswordRulesMixin):
    """The account of an invited person; the address is the invitation's."""

    name = NameField(
        label="Your name", length=PERSON_NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = password_field()

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def person(self) -> User:
        return User(email=self.email, name=self.cleaned_data.get("name", ""))


class OrganizationForm(forms.Form):
    """An organization's name."""

    name = NameField(
        label="Organization name",
        length=ORGANIZATION_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class RoleForm(forms.Form):
    """One of the roles that the person may give."""

    role = forms.TypedChoiceField(
        label="Role",
        coerce=Role,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a role.",
            "invalid_choice": "You cannot give this role. Choose one of those listed.",
        },
    )

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]  # a choice field

    @property
    def role_choices(self) -> list[tuple[Any, str]]:
        """Each radio button with what the role may do."""
        return [(radio, ROLE_HINTS[Role(str(radio.data["value"]))]) for radio in self["role"]]


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = AddressField(label="E-mail address", help_text="Only somebody with this address can use the invitation.")
    field_order = ("email", "role")


class ProjectForm(forms.Form):
    """A project's name and description."""

    name = NameField(label="Name", length=PROJECT_NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = DescriptionField(label="Description", length=PROJECT_DESCRIPTION_LENGTH)


class NewProjectForm(OpennessForm, ProjectForm):
    """A project with its kind, who reaches it and, for application configuration, its environments."""

    kind = forms.TypedChoiceField(
        label="Kind",
        coerce=Project.Kind,
        choices=Project.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the project is for."},
    )
    environments = forms.CharField(
        label="Environments",
        required=False,
        initial="\n".join(DEFAULT_ENVIRONMENTS),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="One per line, in the order in which they are shown. They can be changed later.",
    )
    field_order = ("kind", "name", "description", "openness", "environments")

    def clean_environments(self) -> list[str]:
        """The names, checked only where they count."""
        lines = str(self.cleaned_data.get("environments") or "").splitlines()
        if self.cleaned_data.get("kind") != Project.Kind.APPLICATION:
            return []
        try:
            return [name for name, _ in clean_environments(lines)]
        except InvalidEnvironments as error:
            raise ValidationError(str(error)) from error


class EnvironmentForm(forms.Form):
    """An environment's name. It may stand beside the project's own form, so its ids are others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "environment_%s"

    name = NameField(
        label="Environment name", length=ENVIRONMENT_NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
