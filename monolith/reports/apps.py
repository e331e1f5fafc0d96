"""Configuration of the reports app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Figures for the staff."""

    name = "monolith.reports"
    verbose_name = "Reports"
