"""Configuration of the catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What the shop sells."""

    name = "monolith.catalog"
    verbose_name = "Catalog"
