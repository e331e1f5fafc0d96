"""Configuration of the photos app."""

from django.apps import AppConfig


class PhotosConfig(AppConfig):
    """Photos of the customers."""

    name = "monolith.photos"
    verbose_name = "Photos"
