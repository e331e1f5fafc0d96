"""The app that an extracted service installs."""

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """Principal and health; no tables yet."""

    name = "strangler.service"
    label = "strangler_service"
    verbose_name = "Strangler service"
