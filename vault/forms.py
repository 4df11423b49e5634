"""How every form of the project renders (label, control, hint, error, wired for assistive technology), and its fields
for names."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from vault.names import clean_name, clean_text


class HoldfastRenderer(TemplatesSetting):
    """Renders forms through ``templates/forms/``; ``settings.FORM_RENDERER`` names it.

    Widgets come from Django itself, so ``django.forms`` must be in ``INSTALLED_APPS``. Django adds
    ``aria-describedby`` (hint and error) and ``aria-invalid`` to a widget; the templates supply the
    elements with those ids.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class NameField(forms.CharField):
    """A name as `vault.names.clean_name` admits it; `length` is counted after normalization.

    There is no `maxlength` on the control: a browser would cut what is pasted, silently, and the message says more.
    """

    def __init__(self, *, length: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = length

    def clean(self, value: Any) -> str:
        text = value if isinstance(value, str) else ""
        if not text.strip() and not self.required:
            return ""
        return clean_name(text, field=str(self.label or "Name"), max_length=self.length)


class DescriptionField(forms.CharField):
    """Optional text as `vault.names.clean_text` admits it, on one line unless `multiline`."""

    def __init__(self, *, length: int, multiline: bool = False, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.length = length
        self.multiline = multiline

    def clean(self, value: Any) -> str:
        text = value if isinstance(value, str) else ""
        label = str(self.label or "Description")
        return clean_text(text, field=label, max_length=self.length, multiline=self.multiline)
