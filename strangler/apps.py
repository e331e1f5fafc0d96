"""The app that brings the `strangler` command and the system checks."""

from contextlib import suppress

from django.apps import AppConfig
from django.core import checks

from strangler import replicas
from strangler.checks import (
    check_bridge,
    check_calls,
    check_configuration,
    check_csrf,
    check_isolation,
    check_loose_keys,
    check_replicas,
    check_residency,
    check_sandbox,
    check_service_urls,
    check_shadow_folder,
    check_signing_keys,
)
from strangler.conf import config
from strangler.errors import ConfigurationError

CHECKS = (
    check_configuration,
    check_service_urls,
    check_signing_keys,
    check_csrf,
    check_calls,
    check_sandbox,
    check_shadow_folder,
    check_isolation,
    check_loose_keys,
    check_replicas,
    check_residency,
    check_bridge,
)


class StranglerConfig(AppConfig):
    """No tables: the command, and the checks."""

    name = "strangler"
    verbose_name = "Strangler"

    def ready(self) -> None:
        """Register the system checks, and watch the connections to replicas."""
        for check in CHECKS:
            checks.register(check)
        with suppress(ConfigurationError):  # check_configuration reports it
            config()
            replicas.install()
