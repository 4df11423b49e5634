"""Beginning reviews, and deciding about their lines."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from orgs.models import Membership, Project
from vault.access.forms.choices import one_person, people, places
from vault.access.models import ReviewDecision
from vault.access.models.requests import REASON_LENGTH
from vault.access.models.reviews import NAME_LENGTH

Verdict = ReviewDecision.Verdict
USUAL = timedelta(days=14)


class BeginForm(forms.Form):
    """What is reviewed, by whom, until when. `whole`: the name of the organization, empty where all of it cannot be."""

    name = forms.CharField(
        label="Name",
        strip=True,
        max_length=8 * NAME_LENGTH,
        help_text="Such as “Fourth quarter”. It is the heading of what you export.",
        error_messages={"required": "Give the review a name."},
    )
    project = forms.ChoiceField(
        label="What is reviewed",
        error_messages={
            "required": "Choose a project.",
            "invalid_choice": "Choose one of the projects listed.",
        },
    )
    due_at = forms.DateField(
        label="Decided by",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),  # browsers take no other
        help_text="To the end of that day (UTC). Afterwards reviewers are told daily until every line is decided.",
        error_messages={"required": "Choose a day.", "invalid": "Write the day as 2026-12-31."},
    )
    reviewers = forms.MultipleChoiceField(
        label="Who decides",
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody decides about a line of their own, so choose two at least.",
        error_messages={
            "required": "Choose who decides.",
            "invalid_choice": "Choose among the people listed.",
        },
    )

    def __init__(
        self,
        *args: Any,
        members: Sequence[Membership],
        projects: Sequence[Project],
        whole: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_at"].initial = (timezone.now() + USUAL).date()
        self.fields["project"].required = not whole
        self.fields["project"].choices = places(projects, whole=whole)  # type: ignore[attr-defined]  # a choice field
        self.fields["reviewers"].choices = people(members)  # type: ignore[attr-defined]  # a choice field

    @property
    def wanted(self) -> dict[str, Any]:
        """What `begin_review` is asked for, of the valid form."""
        day: date = self.cleaned_data["due_at"]
        project = self.cleaned_data["project"]
        return {
            "name": self.cleaned_data["name"],
            "due_at": datetime.combine(day, time(23, 59, 59), UTC),
            "project": UUID(project) if project else None,
            "reviewers": [UUID(each) for each in self.cleaned_data["reviewers"]],
        }


class DecisionForm(forms.Form):
    """What a reviewer decides about one line. `seen` is what he was shown; `revoke` says what revoking does, and is
    empty for whoever may not."""

    verdict = forms.TypedChoiceField(
        label="Decision",
        coerce=Verdict,
        choices=Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of those listed."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        strip=True,
        max_length=8 * REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why, for whoever reads the result. Do not paste secrets here.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, gone: bool, revoke: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(Verdict.GONE.value, "Mark it as gone")]
        if not gone:
            choices = [(Verdict.CONFIRMED.value, "Confirm: it is still needed")]
            choices += [(Verdict.REVOKED.value, revoke)] if revoke else []
        self.fields["verdict"].choices = choices  # type: ignore[attr-defined]  # a choice field


class ConfirmForm(forms.Form):
    """How many lines are confirmed at once, typed, so that nobody does it by a slip."""

    count = forms.IntegerField(
        label="How many lines do you confirm?",
        min_value=1,
        help_text="Type the number. None of the decisions can be changed afterwards.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "input--short"}),
        error_messages={"required": "Type how many lines you confirm.", "invalid": "Type a number."},
    )
    note = forms.CharField(label="Note", required=False, strip=True, max_length=8 * REASON_LENGTH)


class ReviewerForm(forms.Form):
    """One more reviewer."""

    membership = forms.ChoiceField(
        label="Another reviewer",
        error_messages={"required": "Choose a person.", "invalid_choice": "Choose one of the people listed."},
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membership"].choices = one_person(members)  # type: ignore[attr-defined]  # a choice field
