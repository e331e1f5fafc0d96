"""Settings of the catalog service; everything that differs between machines comes from the environment."""

from pathlib import Path

import environ

import strangler
from strangler.conf import database_from_url

BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = BASE_DIR / "var"

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# A machine that was given no secret is somebody's own: only there do the well-known defaults below apply.
IS_LOCAL = env.bool("DEBUG", default="SECRET_KEY" not in env.ENVIRON)
DEBUG = False  # debug pages would be seen through the facade
SECRET_KEY = env("SECRET_KEY", default="local-work-only-" + "k" * 50) if IS_LOCAL else env("SECRET_KEY")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", ".localhost"] if IS_LOCAL else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The facade says how the browser came; it drops the client's own header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = False
SECURE_REFERRER_POLICY = "same-origin"

_LOCAL_KEYS = ["local-work-only-signing-key-never-in-production"]
STRANGLER = {
    "SERVICE": "catalog",
    "SIGNING_KEYS": (
        env.list("STRANGLER_SIGNING_KEYS", default=_LOCAL_KEYS)
        if IS_LOCAL
        else env.list("STRANGLER_SIGNING_KEYS")
    ),
}

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "ninja",  # serves its copy of Swagger UI, so that the API's pages need nobody else's server
    *strangler.SERVICE_APPS,
    "extracted.catalog.apps.CatalogConfig",
]
MIDDLEWARE = [
    "strangler.service.sandbox.SandboxMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",  # an answer that the caller has already is 304, without a body
    "strangler.service.PrincipalMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "extracted.catalog.urls"
WSGI_APPLICATION = "extracted.catalog.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
CSRF_FAILURE_VIEW = "extracted.catalog.door.csrf_failure"

# PostgreSQL is what it is made for: see docs/how-to/use-the-catalog.md for what SQLite does instead.
DATABASES = {
    "default": database_from_url(
        env("CATALOG_DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'catalog.sqlite3'}"),
        variable="CATALOG_DATABASE_URL",
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"

# Below /catalog/, so that the facade's route for the API brings its pages' assets too.
STATIC_URL = "/catalog/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

CATALOG = {
    "MONOLITH_URL": env("MONOLITH_URL", default="http://127.0.0.1:8000").rstrip("/"),
    "MAX_BODY_BYTES": env.int("CATALOG_MAX_BODY_BYTES", default=100_000),
    "PAGE_ROWS": env.int("CATALOG_PAGE_ROWS", default=500),
    "LOGIN_URL": env("LOGIN_URL", default="/account/login/"),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
if IS_LOCAL:  # a fresh checkout has no place for the database yet; in an image nobody may write there
    STATE_DIR.mkdir(exist_ok=True)
