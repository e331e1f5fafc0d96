"""Configuration of the mail app."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Mail that the shop sends, inside the request."""

    name = "monolith.mail"
    verbose_name = "Mail"
