"""What people may type about access. Forms say what is wrong in words; the services decide again."""

from django import forms

from accounts.errors import AccountError
from vault.access.errors import AccessError


def refuse(form: forms.BaseForm, error: AccessError | AccountError) -> None:
    """Puts what a service refused where the person sees it: at the field it is about, else above the form."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
