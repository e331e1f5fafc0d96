"""The app of the email service."""

from django.apps import AppConfig


class EmailConfig(AppConfig):
    """Messages, recipients, attempts and suppressed addresses."""

    name = "extracted.email"
    label = "email"
    verbose_name = "Email"
    default_auto_field = "django.db.models.BigAutoField"
