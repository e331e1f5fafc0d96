"""The shop as it runs, with its guard raised: no code of one side may touch a table of the other."""

import os
from datetime import timedelta

from monolith.settings.local import *  # noqa: F403 - a settings module extends another one
from monolith.settings.local import BASE_DIR, STRANGLER

STRANGLER = {
    **STRANGLER,
    "SNAPSHOT_INTERVAL": timedelta(seconds=0.1),
    "ISOLATION": "raise",
    "ISOLATION_RATCHET": BASE_DIR / "strangler-ratchet.toml",
    "SERVICE_URLS": {
        **STRANGLER["SERVICE_URLS"],
        "catalog": os.environ["CATALOG_URL"],
        "accounts": "http://127.0.0.1:1",
    },
}
DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
REPORTS_FEED = True
LOGGING = {"version": 1, "disable_existing_loggers": False}
