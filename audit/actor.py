"""Who did it: the plain values that events carry instead of a foreign key."""

from dataclasses import dataclass

from audit.actions import ActorKind


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
