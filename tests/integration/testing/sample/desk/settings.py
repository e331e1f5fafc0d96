"""Settings of the service. BUG seeds a regression."""

import os

from common import (
    ALLOWED_HOSTS,
    DEFAULT_AUTO_FIELD,
    DEFAULT_FROM_EMAIL,
    EMAIL_BACKEND,
    KEYS,
    SECRET_KEY,
    USE_TZ,
)

import strangler
from strangler.conf import database_from_url

__all__ = [
    "ALLOWED_HOSTS",
    "DEFAULT_AUTO_FIELD",
    "DEFAULT_FROM_EMAIL",
    "EMAIL_BACKEND",
    "SECRET_KEY",
    "USE_TZ",
]

BUG = os.environ.get("BUG", "")
if BUG == "start":
    raise RuntimeError("no tea, no work")
INSTALLED_APPS = [*strangler.SERVICE_APPS, "desk"]
MIDDLEWARE = ["strangler.service.sandbox.SandboxMiddleware", "strangler.service.PrincipalMiddleware"]
if BUG == "sandbox":
    MIDDLEWARE = MIDDLEWARE[1:]
ROOT_URLCONF = "desk.urls"
WSGI_APPLICATION = None
STRANGLER = {"SERVICE": "desk", "SIGNING_KEYS": KEYS}
_URL = "sqlite:////tmp/nobody-s.sqlite3" if BUG == "database" else os.environ["DESK_DATABASE_URL"]
DATABASES = {"default": database_from_url(_URL)}
