"""Settings of a monolith that has nothing but tables to move; everything comes from the environment."""

import os

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "for-tests-only"
INSTALLED_APPS = [*strangler.MONOLITH_APPS]
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STRANGLER = {
    "TOPOLOGY": os.environ["TOPOLOGY"],
    "SIGNING_KEYS": ["only-for-tests-only-for-tests-only-for-tests"],
}
