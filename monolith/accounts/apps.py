"""Configuration of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Customers: registration, login, profiles."""

    name = "monolith.accounts"
    verbose_name = "Accounts"
