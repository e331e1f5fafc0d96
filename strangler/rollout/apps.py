"""The app that keeps the rollouts."""

from django.apps import AppConfig


class RolloutConfig(AppConfig):
    """Tables: rollout, its audit and plan, the revision, processes, tallies, latencies."""

    name = "strangler.rollout"
    label = "strangler_rollout"
    verbose_name = "Strangler rollouts"
    default_auto_field = "django.db.models.BigAutoField"
