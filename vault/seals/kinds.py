"""Which models are sealed."""

from collections.abc import Iterator
from typing import Any, Protocol

from django.apps import apps

from vault.seals.reporting import Broken
from vault.seals.sealed import SealedModel


class SelfSealed(Protocol):
    """A model whose rows carry their MAC themselves, beside the models that are sealed here."""

    @classmethod
    def not_genuine(cls) -> Iterator[Broken | None]:
        """For each row, what is wrong with it."""
        ...


def sealed_models() -> list[type[SealedModel]]:
    """Every model whose rows have seals, by the name of its kind."""
    models = [model for model in apps.get_models() if issubclass(model, SealedModel)]
    return sorted(models, key=lambda model: model.seal_kind())


def self_sealed_models() -> list[type[SelfSealed]]:
    """Every model whose rows carry their MAC themselves."""
    models: list[Any] = [model for model in apps.get_models() if hasattr(model, "not_genuine")]
    return models
