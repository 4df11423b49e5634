"""Naming people for break-glass, breaking it, and reviewing that."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from accounts.forms import StepUpForm
from orgs.models import Membership, Project
from vault.access.forms.choices import one_person, places
from vault.access.models import BreakGlassUse


class NameForm(StepUpForm):
    """Who may break the glass, and where: in the whole organization, of this name, or in a project."""

    membership = forms.ChoiceField(
        label="Person",
        error_messages={"required": "Choose a person.", "invalid_choice": "Choose one of the members listed."},
    )
    project = forms.ChoiceField(
        label="Where", required=False, error_messages={"invalid_choice": "Choose one of the projects listed."}
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
        self.fields["membership"].choices = one_person(members)  # type: ignore[attr-defined]  # a choice field
        self.fields["project"].choices = places(projects, whole=whole)  # type: ignore[attr-defined]  # a choice field

    @property
    def named(self) -> dict[str, UUID | None]:
        """The membership and the project of the valid form."""
        project = self.cleaned_data["project"]
        return {"membership": UUID(self.cleaned_data["membership"]), "project": UUID(project) if project else None}


class BreakForm(StepUpForm):
    """Why, and that it is oneself; once more, if a review is owed."""

    reason = forms.CharField(
        label="Why",
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Every owner reads it at once, and it is kept in the log. Do not paste secrets here.",
        error_messages={"required": "Write what has happened. Every owner reads it."},
    )
    again = forms.BooleanField(
        label="I need it once more, although the last time has not been reviewed",
        required=False,
        help_text="The owners are told that it is the second time. There is no third before a review.",
    )

    def __init__(self, *args: Any, owed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not owed:
            del self.fields["again"]


class ReviewForm(forms.Form):
    """What the reviewer found."""

    verdict = forms.TypedChoiceField(
        label="What you found",
        coerce=BreakGlassUse.Verdict,
        choices=[
            (BreakGlassUse.Verdict.CONFIRMED.value, "It was needed"),
            (BreakGlassUse.Verdict.ABUSE.value, "It was abuse"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of the two."},
    )
    review = forms.CharField(
        label="In your words",
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What happened, and how you know. It cannot be changed afterwards.",
        error_messages={"required": "Write what you found, so that others can follow it."},
    )
