"""Configuration of the photos app."""

from importlib import import_module

from django.apps import AppConfig


class PhotosConfig(AppConfig):
    """Photos of the customers."""

    name = "monolith.photos"
    verbose_name = "Photos"

    def ready(self) -> None:
        """Hear of deleted photos, however they are deleted."""
        import_module("monolith.photos.deletion").connect()
