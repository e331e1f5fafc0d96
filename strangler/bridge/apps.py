"""The app that both sides install where login is extracted."""

from django.apps import AppConfig


class BridgeConfig(AppConfig):
    """One table: which user is which on the other side, and what both agreed on."""

    name = "strangler.bridge"
    label = "strangler_bridge"
    verbose_name = "Strangler bridge"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Notice changed users."""
        from strangler.bridge import noticing  # noqa: PLC0415 - needs the models

        noticing.connect()
