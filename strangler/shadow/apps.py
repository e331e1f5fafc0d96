"""The app that compares both sides."""

from django.apps import AppConfig


class ShadowConfig(AppConfig):
    """Tables: captures that wait for the worker, how many were lost, and what comparing them found."""

    name = "strangler.shadow"
    label = "strangler_shadow"
    verbose_name = "Strangler shadow"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take the captures of this process, and tell the guard what they showed; nothing runs before the first one."""
        from strangler import observing  # noqa: PLC0415 - models exist only now
        from strangler.rollout import parity, tallies  # noqa: PLC0415
        from strangler.shadow.evidence import read_parity  # noqa: PLC0415
        from strangler.shadow.sender import observer  # noqa: PLC0415

        observing.register(observer)
        tallies.flush_with(observer.flush)
        parity.provide(read_parity)
