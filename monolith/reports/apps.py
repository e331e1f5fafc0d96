"""Configuration of the reports app."""

from importlib import import_module

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Figures for the staff."""

    name = "monolith.reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        """Begin to hear of changes, for the reporting service."""
        import_module("monolith.reports.signals").connect()
