"""The forms of an import: the text, and the decision after the preview."""

import base64
import binascii
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vault.secrets import env_file


class EnvTextForm(forms.Form):
    """A `.env` file, pasted or chosen."""

    text = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "class": "mono",
                "rows": 14,
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "placeholder": "NAME=value",
            }
        ),
    )
    file = forms.FileField(
        label="Or choose a file",
        required=False,
        allow_empty_file=True,
        help_text="UTF-8 text, up to 1 MiB.",
        widget=forms.FileInput(attrs={"data-max-bytes": env_file.SIZE_LIMIT}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        upload, text = cleaned.get("file"), cleaned.get("text") or ""
        if self.errors:
            return cleaned
        if upload and text.strip():
            self.add_error("file", "Either paste the text or choose a file, not both.")
        elif upload:
            try:
                cleaned["text"] = env_file.decode(upload.read(env_file.SIZE_LIMIT + 1))
            except env_file.UnreadableFile as error:
                self.add_error("file", str(error))
        elif not text.strip():
            self.add_error("text", "Paste lines of the form NAME=value, or choose a file.")
        return cleaned


class EnvImportForm(forms.Form):
    """What the preview sends back: the text in base64, since a box would rewrite its line ends, and the seal."""

    text = forms.CharField(strip=False, widget=forms.HiddenInput)
    seal = forms.CharField(max_length=64, widget=forms.HiddenInput)
    accept_invalid = forms.BooleanField(label="Leave out the invalid lines", required=False)

    def clean_text(self) -> str:
        """The text itself."""
        try:
            return base64.b64decode(self.cleaned_data["text"], validate=True).decode()
        except (binascii.Error, ValueError):
            raise ValidationError("The text did not come back whole. Paste it again.") from None


def packed(text: str) -> str:
    """`text` as the preview carries it. Raises UnreadableFile."""
    return base64.b64encode(env_file.normalize(text).encode()).decode("ascii")
