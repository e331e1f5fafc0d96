"""The app that keeps who owns which table, and starts the guard."""

from django.apps import AppConfig

from strangler.isolation.guard import install


class IsolationConfig(AppConfig):
    """Tables: ownership."""

    name = "strangler.isolation"
    label = "strangler_isolation"
    verbose_name = "Strangler isolation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Look at the statements of every connection that is opened from now on."""
        install()
