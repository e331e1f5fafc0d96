"""Settings that local work, tests and production share; everything else comes from the environment."""

from pathlib import Path

import environ

import strangler
from strangler.conf import USER_FIELDS, database_from_url

BASE_DIR = Path(__file__).resolve().parent.parent.parent
STATE_DIR = BASE_DIR / "var"

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    *strangler.MONOLITH_APPS,
    "strangler.bridge",
    "monolith.accounts",
    "monolith.catalog",
    "monolith.shopfront",
    "monolith.orders",
    "monolith.billing",
    "monolith.photos",
    "monolith.mail",
    "monolith.reports",
    "monolith.seed",
    "monolith.journey",
]

MIDDLEWARE = [
    "strangler.service.sandbox.SandboxMiddleware",  # when legacy is asked what it would do
    "strangler.replicas.PositionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "monolith.middleware.BodySizeLimit",
    "monolith.middleware.ClosedShelves",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "strangler.bridge.middleware.LoginMiddleware",  # people may log in at the accounts service
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "strangler.calls.BudgetMiddleware",  # tells staff what calls to services cost a page
]

ROOT_URLCONF = "monolith.urls"
WSGI_APPLICATION = "monolith.wsgi.application"
ASGI_APPLICATION = "monolith.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "monolith" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "monolith.orders.context.cart",
            ],
        },
    },
]

DATABASES = {
    "default": database_from_url(env("DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'monolith.sqlite3'}")),
}
REPLICAS = [f"replica{number}" for number, _ in enumerate(env.list("DATABASE_REPLICA_URLS", default=[]), 1)]
for alias, url in zip(REPLICAS, env.list("DATABASE_REPLICA_URLS", default=[]), strict=True):
    DATABASES[alias] = database_from_url(url, variable="DATABASE_REPLICA_URLS")
    DATABASES[alias]["OPTIONS"]["connect_timeout"] = 1  # there are others; nobody should wait for a dead one
    DATABASES[alias]["TEST"] = {"MIRROR": "default"}
DATABASE_ROUTERS = ["strangler.replicas.ReplicaRouter"]  # the first: it asks those behind it for the primary
# Where tables are once `manage.py strangler move images` (or catalog) has switched them; the router follows.
SERVICE_DATABASES = {}
for name in ("images", "catalog"):
    variable = f"{name.upper()}_DATABASE_URL"
    if variable in env:
        DATABASES[name] = database_from_url(env(variable), variable=variable)
        SERVICE_DATABASES[name] = name
if SERVICE_DATABASES:
    DATABASE_ROUTERS.append("strangler.isolation.router.OwnershipRouter")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "photos:gallery"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "en-gb"
# UTC in the database and in reports: month boundaries need no time zone tables, which MariaDB may lack.
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "monolith" / "static"]
# Without STATIC_ROOT, which only production has, the files come straight from the apps: nothing to collect.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(STATE_DIR / "media")))
MEDIA_URL = env("MEDIA_URL", default="/media/")

vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = "Halftone <hello@halftone.example>"
SERVER_EMAIL = "errors@halftone.example"

SHOP_NAME = "Halftone"
# What the accounts service knows of a customer; groups and permissions stay here.
PROFILE_FIELDS = ("name", "street", "postcode", "city", "country", "phone", "newsletter")
SHARED_USER_FIELDS = [*USER_FIELDS, *(f"profile.{name}" for name in PROFILE_FIELDS)]
# Limits of one upload; the form states them and the view refuses more.
MAX_BODY_BYTES = 100_000_000
PHOTO_MAX_BYTES = 50_000_000
PHOTO_MAX_PIXELS = 80_000_000
PHOTO_MAX_FRAMES = 50
DATA_UPLOAD_MAX_NUMBER_FILES = 50

# Tell the reporting service of every change that its reports show; off where there is no such service.
REPORTS_FEED = env.bool("REPORTS_FEED", default=False)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "strangler.core.origin.LoggingContext"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
