"""Settings of the site; the environment names its database and the service's."""

import os
from datetime import timedelta
from pathlib import Path

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "move-site-" * 5
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.faults.move_site.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    *strangler.MONOLITH_APPS,
    "strangler.service",
    "tests.faults.move_site.shelf",
]
DATABASES = {
    "default": database_from_url(os.environ["DATABASE_URL"]),
    "images": database_from_url(os.environ["IMAGES_DATABASE_URL"]),
}
DATABASE_ROUTERS = ["strangler.isolation.router.OwnershipRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STRANGLER = {
    "TOPOLOGY": Path(__file__).parent / "topology.toml",
    "SIGNING_KEYS": ["move-site-" * 5],
    "SERVICE_DATABASES": {"images": "images"},
    "SNAPSHOT_INTERVAL": timedelta(seconds=float(os.environ.get("MOVE_SITE_INTERVAL", "0.2"))),
}
CELERY_BROKER_URL = os.environ.get("BROKER_URL", "memory://")
CELERY_TASK_DEFAULT_QUEUE = "shop"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
    "loggers": {
        "django.request": {"level": "ERROR", "handlers": ["console"], "propagate": False}
    },  # with tracebacks
}
