"""The journey as a Django app: it has a command and no tables."""

from django.apps import AppConfig


class JourneyConfig(AppConfig):
    """Registers the command `journey`."""

    name = "monolith.journey"
    verbose_name = "Journey"
