"""Settings of the site; the environment says where its state is and how patient the facade shall be."""

import os
from datetime import timedelta
from pathlib import Path

import strangler

STATE = Path(os.environ["SITE_STATE"])

SECRET_KEY = "a key that only this test knows, long enough for Django"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.integration.facade.site.views"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    *strangler.MONOLITH_APPS,
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": STATE / "site.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
FILE_UPLOAD_TEMP_DIR = STATE
DATA_UPLOAD_MAX_MEMORY_SIZE = None
USE_TZ = True
SESSION_SAVE_EVERY_REQUEST = bool(os.environ.get("SITE_ROLLING_SESSIONS"))
STRANGLER = {
    "TOPOLOGY": os.environ["SITE_TOPOLOGY"],
    "SERVICE_DATABASES": {"images": "default"} if os.environ.get("SITE_FOLLOWS_OWNERS") else {},
    "SIGNING_KEYS": ["a signing key of the tests, 32 or more"],
    "SNAPSHOT_INTERVAL": timedelta(seconds=0.1),  # sites stay for a whole run, and each look costs
    "CONNECT_TIMEOUT": timedelta(seconds=0.5),
    "IDLE_TIMEOUT": timedelta(seconds=1),
    "BREAKER_FAILURES": int(os.environ.get("SITE_BREAKER_FAILURES", "1000")),
    "BREAKER_RESET": timedelta(seconds=float(os.environ.get("SITE_BREAKER_RESET_SECONDS", "1"))),
    "SHADOW_FOLDER": STATE / "shadow",
    "SHADOW_MAX_PER_SECOND": 1_000,
    "SHADOW_MAX_BODY_BYTES": int(os.environ.get("SITE_MAX_BODY_BYTES", "2000000")),
    "SHADOW_COOKIES": ["language"],
    "BEHIND_PROXY": bool(os.environ.get("SITE_BEHIND_PROXY")),
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
