"""The monolith: as Celery asks of Django projects, importing it makes the Celery app."""

from tests.integration.calls.site.shop.celery import app

__all__ = ["app"]
