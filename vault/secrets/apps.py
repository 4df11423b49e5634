from django.apps import AppConfig


class SecretsConfig(AppConfig):
    name = "vault.secrets"
    label = "secrets"
    verbose_name = "Secrets"
