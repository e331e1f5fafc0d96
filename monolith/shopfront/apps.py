"""Configuration of the shopfront app."""

from django.apps import AppConfig


class ShopfrontConfig(AppConfig):
    """Home page and the pages of the catalogue."""

    name = "monolith.shopfront"
    verbose_name = "Shopfront"
