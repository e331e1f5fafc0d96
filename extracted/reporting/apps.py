"""The app of the reporting service."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """The read model, runs of reports and their schedules."""

    name = "extracted.reporting"
    label = "reporting"
    verbose_name = "Reporting"
    default_auto_field = "django.db.models.BigAutoField"
