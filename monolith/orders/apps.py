"""Configuration of the orders app."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Cart, checkout and orders."""

    name = "monolith.orders"
    verbose_name = "Orders"
