"""The app that moves tables to the databases of services."""

from django.apps import AppConfig


class MoveConfig(AppConfig):
    """Tables: moves, the tables of each, and the audit. What commits with the data is beside the data."""

    name = "strangler.move"
    label = "strangler_move"
    verbose_name = "Strangler moves"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Recognise writes that meet a fence, and let whoever meets one do the last step of a switch that died."""
        from strangler.isolation import meeting  # noqa: PLC0415 - needs the models
        from strangler.move.opening import heal  # noqa: PLC0415

        meeting.install()
        meeting.on_met(heal)
