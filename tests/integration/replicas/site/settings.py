"""Settings of the site; the environment says where its databases are."""

import os
from datetime import timedelta

import strangler
from strangler.conf import database_from_url

REPLICAS = os.environ["SITE_REPLICA_URLS"].split()

SECRET_KEY = "a key that only this test knows, long enough for Django"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.integration.replicas.site.views"
INSTALLED_APPS = [*strangler.SERVICE_APPS, "tests.integration.replicas.site"]
MIDDLEWARE = ["strangler.replicas.PositionMiddleware"]
DATABASES = {
    "default": database_from_url(os.environ["SITE_DATABASE_URL"]),
    **{f"read{number}": database_from_url(url) for number, url in enumerate(REPLICAS)},
}
DATABASE_ROUTERS = ["strangler.replicas.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STRANGLER = {
    "REPLICAS": {"default": [f"read{number}" for number in range(len(REPLICAS))]},
    "REPLICA_WAIT": timedelta(milliseconds=20),
    "BREAKER_RESET": timedelta(milliseconds=500),
}
