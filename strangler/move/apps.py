"""The app that moves tables to the databases of services."""

from django.apps import AppConfig


class MoveConfig(AppConfig):
    """Tables: moves, the tables of each, and the audit. What commits with the data is beside the data."""

    name = "strangler.move"
    label = "strangler_move"
    verbose_name = "Strangler moves"
    default_auto_field = "django.db.models.BigAutoField"
