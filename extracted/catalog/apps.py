"""The app of the catalog service."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Categories, products and their types."""

    name = "extracted.catalog"
    label = "catalog"
    verbose_name = "Catalog"
    default_auto_field = "django.db.models.BigAutoField"
