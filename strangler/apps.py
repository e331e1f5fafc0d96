"""The app that brings the `strangler` command and the system checks."""

from django.apps import AppConfig
from django.core import checks

from strangler.checks import (
    check_calls,
    check_configuration,
    check_csrf,
    check_isolation,
    check_sandbox,
    check_service_urls,
    check_signing_keys,
)

CHECKS = (
    check_configuration,
    check_service_urls,
    check_signing_keys,
    check_csrf,
    check_calls,
    check_sandbox,
    check_isolation,
)


class StranglerConfig(AppConfig):
    """No tables: the command, and the checks."""

    name = "strangler"
    verbose_name = "Strangler"

    def ready(self) -> None:
        """Register the system checks."""
        for check in CHECKS:
            checks.register(check)
