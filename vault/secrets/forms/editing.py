"""The form of a secret, made from its kind's fields: for a new one, and for the next version of one.

A value is never put into the form for editing unless the person asked for it: a blank field keeps what is stored, and a
box of its own empties it.
"""

import base64
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from orgs.classification import Classification
from vault.forms import DescriptionField, NameField
from vault.secrets.errors import SecretError, TooManyTags
from vault.secrets.kinds import FIELDS, Content, Field, Kind
from vault.secrets.metadata import DESCRIPTION_LENGTH, NAME_LENGTH, clean_tags, split_tags
from vault.secrets.payload import (
    FILE_LIMIT,
    TEXT_LIMIT,
    InvalidPayload,
    clean_filename,
    problem_of,
    with_line_feeds,
)
from vault.secrets.services import Keep

_PLAIN = {"autocomplete": "off", "autocapitalize": "off", "autocorrect": "off", "spellcheck": "false"}
_LAST_VERSION = 2**31 - 1


class TagsField(forms.CharField):
    """Tags, separated by commas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.TextInput(attrs={**_PLAIN, "list": "tags-in-use"}),
            help_text="Separated by commas, such as payments, production.",
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        try:
            return clean_tags(split_tags(str(value or "")))
        except TooManyTags as error:
            raise ValidationError(str(error), code="too_many") from error


INHERIT = "inherit"


class ClassificationField(forms.TypedChoiceField):
    """The class of a secret; None for that of its environment. A form that comes without it gives `without`."""

    without: Keep | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=[(INHERIT, "As the environment"), *((str(each.value), each.label) for each in Classification)],
            coerce=lambda text: None if text == INHERIT else Classification(int(text)),
            error_messages={"invalid_choice": "Choose one of these classes."},
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        return self.without if value in self.empty_values else super().clean(value)

    def offer(self, inherited: Classification, source: str, *, least: Classification) -> None:
        """Offers what is at least `least`; `inherited` is the class of the environment, which `source` names."""
        self.choices = [
            *([(INHERIT, f"{inherited.label}, as {source}")] if inherited >= least else []),
            *((str(each.value), f"{each.label}, whatever {source} has") for each in Classification if each >= least),
        ]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the page shows for one field of the payload: its control, and what goes with it."""

    field: Field
    bound: forms.BoundField
    clear: forms.BoundField | None
    upload: forms.BoundField | None
    stored: bool


class SecretForm(forms.Form):
    """A new secret of one kind."""

    name = NameField(
        label="Name",
        length=NAME_LENGTH,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="By which people find it. It may contain /, such as payments/STRIPE_API_KEY.",
    )
    description = DescriptionField(label="Description", length=DESCRIPTION_LENGTH)
    tags = TagsField(label="Tags")
    classification = ClassificationField(
        label="Classification", help_text="What opening it asks for: the organization's policy says so for each class."
    )

    def __init__(
        self,
        *args: Any,
        kind: Kind,
        inherited: Classification,
        source: str,
        least: Classification = Classification.INTERNAL,
        stored: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        """`stored`: the names of the payload's fields that hold something already; they may stay blank.

        `inherited`: the class of the environment, `source`: what people call that place, `least`: the lowest class that
        the person may choose.
        """
        super().__init__(*args, **kwargs)
        self.kind = kind
        offered: ClassificationField = self.fields["classification"]  # type: ignore[assignment]  # declared above
        offered.offer(inherited, source, least=least)
        self.stored = frozenset(stored)
        for field in FIELDS[kind]:
            self._add(field)

    def _add(self, field: Field) -> None:
        kept = field.name in self.stored
        control = f"field_{field.name}"
        required = field.required and not kept
        if field.content is Content.FILE:
            self.fields[control] = forms.FileField(
                label=field.label,
                required=required,
                widget=forms.FileInput(attrs={"data-max-bytes": FILE_LIMIT}),
                help_text=f"Up to {FILE_LIMIT // 1024 // 1024} MiB."
                + (" Leave it empty to keep the file that is stored." if kept else ""),
                error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
            )
        else:
            self.fields[control] = forms.CharField(
                label=field.label,
                required=False,  # an uploaded text counts as well; `clean` says what is missing
                strip=False,
                widget=_widget(field, kept=kept),
                help_text=field.help,
                error_messages={"required": f"{field.label} is needed."},
            )
            self.fields[control].required = required and not field.upload
        if field.upload:
            self.fields[f"upload_{field.name}"] = forms.FileField(
                label=f"{field.label} from a file",
                required=False,
                allow_empty_file=True,
                widget=forms.FileInput(attrs={"data-max-bytes": TEXT_LIMIT}),
            )
        if kept and not field.required:
            self.fields[f"clear_{field.name}"] = forms.BooleanField(
                label=f"Remove the stored {field.in_a_sentence}", required=False
            )

    @property
    def entries(self) -> list[Entry]:
        """The controls of the payload in the kind's order."""
        return [
            Entry(
                field,
                self[f"field_{field.name}"],
                self[f"clear_{field.name}"] if f"clear_{field.name}" in self.fields else None,
                self[f"upload_{field.name}"] if field.upload else None,
                field.name in self.stored,
            )
            for field in FIELDS[self.kind]
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.values: dict[str, str] = {}
        self.cleared: list[str] = []
        for field in FIELDS[self.kind]:
            control = f"field_{field.name}"
            if control in self.errors:
                continue
            try:
                value = self._value(field, cleaned)
            except ValidationError as error:
                self.add_error(control, error)
                continue
            if cleaned.get(f"clear_{field.name}"):
                if value:
                    self.add_error(control, f"Either enter a new {field.in_a_sentence}, or tick the box to remove it.")
                self.cleared.append(field.name)
            elif value:
                self.values[field.name] = value
            elif field.required and field.name not in self.stored:
                self.add_error(control, f"{field.label} is needed.")
        self._name_file()
        if self.errors:
            self._ask_for_files_again()
        return cleaned

    def _value(self, field: Field, cleaned: Mapping[str, Any]) -> str:
        """What was entered or uploaded, checked. Raises ValidationError."""
        entered = cleaned.get(f"field_{field.name}") or ""
        if field.content is Content.FILE:
            upload = cleaned.get(f"field_{field.name}")
            value = base64.b64encode(_read(upload, FILE_LIMIT, field)).decode("ascii") if upload else ""
        elif text_file := cleaned.get(f"upload_{field.name}"):
            if entered:
                raise ValidationError(f"Either type {field.in_a_sentence} or choose a file, not both.")
            value = _read_text(text_file, field)
        else:
            value = with_line_feeds(entered) if field.content is Content.TEXT else entered
        if value and (problem := problem_of(field, value)):
            raise ValidationError(problem)
        return value

    def _name_file(self) -> None:
        """A file that is chosen without a name for it keeps its own, as far as that can be offered to a browser."""
        upload = self.cleaned_data.get("field_content")
        if isinstance(upload, UploadedFile) and "filename" not in self.values:
            self.values["filename"] = clean_filename(upload.name or "")

    def _ask_for_files_again(self) -> None:
        for control, uploaded in self.files.items():
            if uploaded and control in self.fields and control not in self.errors:
                self.add_error(control, "Choose the file again: a browser does not keep it when a form comes back.")

    def refuse(self, error: SecretError | ValidationError | InvalidPayload) -> None:
        """Puts what a service refused where the person sees it: at the field it is about, else above the form."""
        if isinstance(error, InvalidPayload):
            for name, sentence in error.errors.items():
                self.add_error(f"field_{name}" if f"field_{name}" in self.fields else None, sentence)
        elif isinstance(error, ValidationError):
            self.add_error(None, error)
        else:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        self._ask_for_files_again()


class SecretEditForm(SecretForm):
    """The next version of a secret, based on the version that the person saw."""

    base_version = forms.IntegerField(
        min_value=1,
        max_value=_LAST_VERSION,
        widget=forms.HiddenInput,
        error_messages={"required": "The form came back without its version. Reload the page and enter it again."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: ClassificationField = self.fields["classification"]  # type: ignore[assignment]  # declared above
        offered.without = Keep.KEEP


class UntrashForm(forms.Form):
    """Another name for a secret whose own is taken by now."""

    name = NameField(label="Name", length=NAME_LENGTH, widget=forms.TextInput(attrs=_PLAIN))


def initial_of(
    *, name: str, description: str, tags: Iterable[str], classification: int | None, base_version: int
) -> dict[str, Any]:
    """The metadata as a form shows it."""
    return {
        "name": name,
        "description": description,
        "tags": ", ".join(tags),
        "classification": INHERIT if classification is None else str(classification),
        "base_version": base_version,
    }


def _widget(field: Field, *, kept: bool) -> forms.Widget:
    attributes: dict[str, Any] = {**_PLAIN}
    if kept:
        attributes["placeholder"] = "Unchanged"
    if field.content is Content.TEXT:
        return forms.Textarea(attrs={**attributes, "class": "mono", "rows": 3 if field.name == "value" else 6})
    if field.concealed:
        attributes |= {"autocomplete": "new-password", "class": "mono"}
        return forms.PasswordInput(attrs=attributes, render_value=True)
    return forms.TextInput(attrs=attributes)


def _read(upload: "UploadedFile[Any]", limit: int, field: Field) -> bytes:
    """The bytes of an upload. Raises ValidationError beyond `limit`."""
    if (upload.size or 0) > limit:
        size = f"{limit // 1024 // 1024} MiB" if limit >= 1024 * 1024 else f"{limit // 1024} KiB"
        raise ValidationError(f"{field.label}: the file is larger than {size}. Choose a smaller one.")
    return bytes(upload.read())


def _read_text(upload: "UploadedFile[Any]", field: Field) -> str:
    try:
        return _read(upload, TEXT_LIMIT, field).decode()
    except UnicodeDecodeError:
        raise ValidationError(
            f"{field.label}: this file is not UTF-8 text. Store it as a secret of the kind File."
        ) from None
