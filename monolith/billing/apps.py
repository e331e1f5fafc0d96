"""Configuration of the billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Invoices and payments."""

    name = "monolith.billing"
    verbose_name = "Billing"
