"""Settings of the benchmark of the relay: our outbox and django-celery-outbox in one project, on one database."""

import logging
import os
from datetime import timedelta

import structlog

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "for-benchmarks-only"
INSTALLED_APPS = [*strangler.SERVICE_APPS, "django_celery_outbox"]
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
BROKER_URL = os.environ["BROKER_URL"]
STRANGLER = {"SERVICE": "bench", "BROKER_URL": BROKER_URL, "BROKER_TIMEOUT": timedelta(seconds=10)}
CELERY_OUTBOX_APP = "tests.bench.relay_celery.app"
MONITORING_METRICS_ENABLED = False  # without a statsd server the peer would only be slowed down
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
# The peer logs every message; that is not what is measured.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
