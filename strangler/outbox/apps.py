"""The app that keeps messages until a broker has them."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Tables: messages that wait, that are parked, that were published; relays and their lanes."""

    name = "strangler.outbox"
    label = "strangler_outbox"
    verbose_name = "Strangler outbox"
    default_auto_field = "django.db.models.BigAutoField"
