"""Configuration of the seed app: it has a command and no tables."""

from django.apps import AppConfig


class SeedConfig(AppConfig):
    """Registers the command `seed`."""

    name = "monolith.seed"
    verbose_name = "Seed"
