"""What a generated password or passphrase should be like."""

from typing import Any

from django import forms

from vault.secrets.generator import (
    PASSPHRASE_WORDS,
    PASSWORD_LENGTHS,
    SEPARATORS,
    Generated,
    PassphraseChoices,
    PasswordChoices,
)

_SEPARATOR_LABELS = {"-": "Hyphen", " ": "Space", ".": "Full stop", "_": "Underscore", ",": "Comma"}


class GeneratorForm(forms.Form):
    """Both kinds in one form; `kind` says which part counts."""

    kind = forms.ChoiceField(
        label="What",
        choices=[("password", "Password"), ("passphrase", "Passphrase")],
        widget=forms.RadioSelect,
        initial="password",
        error_messages={"invalid_choice": "Choose a password or a passphrase."},
    )
    length = forms.IntegerField(
        label="Characters",
        initial=20,
        required=False,
        min_value=PASSWORD_LENGTHS[0],
        max_value=PASSWORD_LENGTHS[1],
        widget=forms.NumberInput(attrs={"class": "input--short"}),
        error_messages={
            "min_value": "A password has at least %(limit_value)s characters.",
            "max_value": "A password has at most %(limit_value)s characters.",
        },
    )
    lower = forms.BooleanField(label="a to z", initial=True, required=False)
    upper = forms.BooleanField(label="A to Z", initial=True, required=False)
    digits = forms.BooleanField(label="0 to 9", initial=True, required=False)
    symbols = forms.BooleanField(label="! # $ …", initial=True, required=False)
    ambiguous = forms.BooleanField(label="Also characters that look alike (0 O, 1 l I)", required=False)
    words = forms.IntegerField(
        label="Words",
        initial=6,
        required=False,
        min_value=PASSPHRASE_WORDS[0],
        max_value=PASSPHRASE_WORDS[1],
        widget=forms.NumberInput(attrs={"class": "input--short"}),
        error_messages={
            "min_value": "A passphrase has at least %(limit_value)s words.",
            "max_value": "A passphrase has at most %(limit_value)s words.",
        },
    )
    separator = forms.ChoiceField(
        label="Between the words",
        choices=[(each, _SEPARATOR_LABELS[each]) for each in SEPARATORS],
        initial="-",
        required=False,
        error_messages={"invalid_choice": "Choose one of the separators offered."},
    )
    capitalize = forms.BooleanField(label="Capital letters", required=False)
    number = forms.BooleanField(label="A digit", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.choices = self._choices(cleaned)
            except ValueError as error:
                self.add_error(None, str(error))
        return cleaned

    @staticmethod
    def _choices(cleaned: dict[str, Any]) -> PasswordChoices | PassphraseChoices:
        if cleaned["kind"] == "passphrase":
            return PassphraseChoices(
                words=cleaned["words"] or PassphraseChoices().words,
                separator=cleaned["separator"] or PassphraseChoices().separator,
                capitalize=cleaned["capitalize"],
                number=cleaned["number"],
            )
        return PasswordChoices(
            length=cleaned["length"] or PasswordChoices().length,
            **{name: cleaned[name] for name in ("lower", "upper", "digits", "symbols", "ambiguous")},
        )

    @property
    def password_boxes(self) -> list[forms.BoundField]:
        return [self[name] for name in ("lower", "upper", "digits", "symbols", "ambiguous")]

    @property
    def passphrase_boxes(self) -> list[forms.BoundField]:
        return [self[name] for name in ("capitalize", "number")]

    def generate(self) -> Generated:
        """Of a valid form."""
        return self.choices.generate()
