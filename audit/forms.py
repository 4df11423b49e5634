"""The filters of an activity page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.actions import Outcome
from audit.groups import ActionGroup
from audit.selectors import EventFilters

MAX_TEXT = 100


class ActivityFilterForm(forms.Form):
    """From a query string to `EventFilters`. A filter that makes no sense is named and left out; the rest holds."""

    group = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *ActionGroup.choices])
    outcome = forms.ChoiceField(
        label="Outcome",
        required=False,
        choices=[("", "Any outcome"), ("success", "Succeeded"), ("failure", "Failed"), ("denied", "Refused")],
    )
    actor = forms.CharField(
        label="Who", required=False, max_length=MAX_TEXT, widget=forms.TextInput(attrs={"placeholder": "Person"})
    )
    resource = forms.CharField(
        label="On what", required=False, max_length=MAX_TEXT, widget=forms.TextInput(attrs={"placeholder": "Name"})
    )
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "filter_%s", **kwargs})
        for field in self.fields.values():
            field.widget.attrs.setdefault("aria-label", str(field.label))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            raise ValidationError("The first day is after the last. Swap them to see anything.", code="order")
        return cleaned

    @property
    def filters(self) -> EventFilters:
        """The filters that could be understood. Call after `is_valid`."""
        cleaned = getattr(self, "cleaned_data", {})
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            since = until = None
        return EventFilters(
            group=ActionGroup(cleaned["group"]) if cleaned.get("group") else None,
            outcome=Outcome(cleaned["outcome"]) if cleaned.get("outcome") else None,
            actor=cleaned.get("actor") or "",
            resource=cleaned.get("resource") or "",
            since=since,
            until=until,
        )
