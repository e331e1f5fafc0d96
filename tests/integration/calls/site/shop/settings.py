"""Settings of the monolith."""

import os
from datetime import timedelta

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "s" * 50
INSTALLED_APPS = [*strangler.MONOLITH_APPS, "strangler.service"]
DATABASES = {"default": database_from_url(os.environ["SITE_DATABASE"])}
USE_TZ = True
STRANGLER = {"TOPOLOGY": os.environ["SITE_TOPOLOGY"], "SNAPSHOT_INTERVAL": timedelta(milliseconds=100)}

CELERY_BROKER_URL = os.environ["SITE_BROKER"]
CELERY_RESULT_BACKEND = os.environ["SITE_RESULTS"]
CELERY_TASK_DEFAULT_QUEUE = os.environ["SITE_SHOP_QUEUE"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
