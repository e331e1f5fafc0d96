"""The app that keeps the rollouts."""

from django.apps import AppConfig


class RolloutConfig(AppConfig):
    """Tables: rollout, its audit, the revision, processes, tallies."""

    name = "strangler.rollout"
    label = "strangler_rollout"
    verbose_name = "Strangler rollouts"
    default_auto_field = "django.db.models.BigAutoField"
