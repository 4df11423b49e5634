"""How much harm a secret would do in the wrong hands."""

from django.db import models


class Classification(models.IntegerChoices):
    """From least to most; the organization's policy says what each demands (``orgs.models.ClassPolicy``)."""

    INTERNAL = 1, "Internal"
    SENSITIVE = 2, "Sensitive"
    CRITICAL = 3, "Critical"

    @property
    def word(self) -> str:
        """As addresses and events name it."""
        return self.name.lower()

    @classmethod
    def up_to(cls, highest: int) -> frozenset["Classification"]:
        """The classes from the least to `highest`, which is one of them."""
        return frozenset(each for each in cls if each <= highest)


ALL_CLASSES = frozenset(Classification)
