"""Who did it, and to what: the plain values that events carry instead of foreign keys."""

from dataclasses import dataclass

from audit.actions import ActorKind, ResourceKind


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is a uid as text (empty when there is none); `label` is what people read, an e-mail address as a rule."""

    kind: ActorKind
    id: str = ""
    label: str = ""

    @classmethod
    def anonymous(cls, label: str = "") -> "Actor":
        """Somebody not signed in; `label` is what they claimed to be, if anything."""
        return cls(ActorKind.ANONYMOUS, label=label)

    @classmethod
    def system(cls, label: str = "Holdfast") -> "Actor":
        """A command or a background task."""
        return cls(ActorKind.SYSTEM, label=label)


@dataclass(frozen=True, slots=True)
class Resource:
    """What an event is about; `label` is a name, never a value."""

    kind: ResourceKind
    id: str
    label: str = ""
