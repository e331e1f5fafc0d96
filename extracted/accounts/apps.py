"""The app of the accounts service."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Customers: registration, login, profiles."""

    name = "extracted.accounts"
    label = "accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"
