"""Settings for a real server: secrets from the environment, HTTPS only, hashed static file names."""

from urllib.parse import urlsplit

from monolith.settings.base import *  # noqa: F403 - a settings module extends another one
from monolith.settings.base import (
    BASE_DIR,
    REPLICAS,
    SERVICE_DATABASES,
    SHARED_USER_FIELDS,
    STATE_DIR,
    STORAGES,
    env,
)

DEBUG = False
SECRET_KEY = env("SECRET_KEY")
# Visitors come under the site's name, and services ask under the monolith's own.
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS"), urlsplit(env("MONOLITH_URL", default="")).hostname or ""]

STRANGLER = {
    "TOPOLOGY": BASE_DIR / "strangler.toml",
    "REPLICAS": {"default": REPLICAS} if REPLICAS else {},
    "SERVICE_DATABASES": SERVICE_DATABASES,
    "SIGNING_KEYS": env.list("STRANGLER_SIGNING_KEYS"),
    "BEHIND_PROXY": True,
    "USER_FIELDS": SHARED_USER_FIELDS,
}

# `manage.py collectstatic` fills it at each deployment.
STATIC_ROOT = env("STATIC_ROOT", default=str(STATE_DIR / "static"))
WHITENOISE_USE_FINDERS = False
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

# nginx or the load balancer ends TLS and sets this header; it must drop the client's own.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^_strangler/"]  # services ask inside of the network, where there may be no TLS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
