"""A service that is not the reference project's."""

from desk.celery import app

__all__ = ["app"]
