from django.apps import AppConfig


class FieldsAppConfig(AppConfig):
    """Models that exist only in the tests of the encrypted fields."""

    name = "tests.vault.fields.app"
    label = "fields_app"
    default_auto_field = "django.db.models.BigAutoField"
