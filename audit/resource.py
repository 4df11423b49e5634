"""What an event is about."""

from dataclasses import dataclass

from audit.actions import ResourceKind


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing by its kind and uid (as text); `label` is its name, never a value."""

    kind: ResourceKind
    id: str
    label: str = ""
