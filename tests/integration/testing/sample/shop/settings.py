"""Settings of the monolith."""

from pathlib import Path

from common import ALLOWED_HOSTS, DEFAULT_AUTO_FIELD, DEFAULT_FROM_EMAIL, KEYS, SECRET_KEY, USE_TZ

import strangler

__all__ = ["ALLOWED_HOSTS", "DEFAULT_AUTO_FIELD", "DEFAULT_FROM_EMAIL", "SECRET_KEY", "USE_TZ"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    *strangler.MONOLITH_APPS,
    "shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "shop.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
STRANGLER = {
    "TOPOLOGY": Path(__file__).parents[1] / "strangler.toml",
    "SIGNING_KEYS": KEYS,
    "SERVICE_URLS": {"desk": "http://127.0.0.1:9"},
}
