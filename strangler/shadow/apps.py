"""The app that compares both sides."""

from django.apps import AppConfig


class ShadowConfig(AppConfig):
    """Tables: captures that wait for the worker, and how many were lost."""

    name = "strangler.shadow"
    label = "strangler_shadow"
    verbose_name = "Strangler shadow"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take the captures of this process; nothing runs before the first one."""
        from strangler import observing  # noqa: PLC0415 - models exist only now
        from strangler.shadow.capturing import observer  # noqa: PLC0415

        observing.register(observer)
