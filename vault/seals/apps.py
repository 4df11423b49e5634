from django.apps import AppConfig, apps
from django.db.models.signals import post_delete


class SealsConfig(AppConfig):
    """The seals of rows that grant authority."""

    name = "vault.seals"
    label = "seals"
    verbose_name = "Seals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from vault.seals.sealed import SealedModel, unseal_deleted

        # The signal is the one thing that every way to delete has in common: of a row, of a queryset, and the cascade
        # from a parent, which with a receiver loads the rows instead of deleting them unseen.
        for model in apps.get_models():
            if issubclass(model, SealedModel):
                post_delete.connect(unseal_deleted, sender=model, dispatch_uid=f"seals:{model._meta.label_lower}")
