"""Settings of the ledger service; everything comes from the test's environment."""

import os
from datetime import timedelta

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "for-tests-only"
INSTALLED_APPS = [*strangler.SERVICE_APPS]
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"])}
USE_TZ = True
TIME_ZONE = "UTC"
QUEUE = os.environ["LEDGER_QUEUE"]
STRANGLER = {
    "SERVICE": "ledger",
    "BROKER_URL": os.environ["BROKER_URL"],
    "BROKER_TIMEOUT": timedelta(seconds=1),
    "OUTBOX_LEASE": timedelta(seconds=2),
    "OUTBOX_RETENTION": timedelta(hours=1),
    "INBOX_MAX_DELIVERIES": 3,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
