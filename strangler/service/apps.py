"""The app that an extracted service installs."""

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """Principal, health, and the table of the inbox."""

    name = "strangler.service"
    label = "strangler_service"
    verbose_name = "Strangler service"
    default_auto_field = "django.db.models.BigAutoField"
