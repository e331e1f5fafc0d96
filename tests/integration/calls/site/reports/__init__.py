"""The service."""

from tests.integration.calls.site.reports.celery import app

__all__ = ["app"]
