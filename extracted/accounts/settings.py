"""Settings of the accounts service; everything that differs between machines comes from the environment."""

from pathlib import Path
from urllib.parse import urlsplit

import environ

import strangler
from strangler.conf import USER_FIELDS, database_from_url

BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = BASE_DIR / "var"

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# A machine that was given no secret is somebody's own: only there do the well-known defaults below apply.
IS_LOCAL = env.bool("DEBUG", default="SECRET_KEY" not in env.ENVIRON)
# Debug pages would be seen through the facade, by customers.
DEBUG = False
# The shop's own: messages that one side leaves in a cookie are read by the other.
SECRET_KEY = env("SECRET_KEY", default="local-work-only-" + "k" * 50) if IS_LOCAL else env("SECRET_KEY")
# Visitors come under the shop's name, and the monolith asks under the service's own.
_OWN_HOST = urlsplit(env("ACCOUNTS_URL", default="http://127.0.0.1:8003")).hostname or ""
ALLOWED_HOSTS = [
    *env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", ".localhost"] if IS_LOCAL else []),
    _OWN_HOST,
]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The facade says how the browser came; it drops the client's own header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = False
SESSION_COOKIE_NAME = "halftone_account"  # as the topology says; the monolith's own is another one
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_LOCAL

_LOCAL_KEYS = ["local-work-only-signing-key-never-in-production"]
_PROFILE_FIELDS = ("name", "street", "postcode", "city", "country", "phone", "newsletter")
STRANGLER = {
    "SERVICE": "accounts",
    "SIGNING_KEYS": (
        env.list("STRANGLER_SIGNING_KEYS", default=_LOCAL_KEYS)
        if IS_LOCAL
        else env.list("STRANGLER_SIGNING_KEYS")
    ),
    "MONOLITH_URL": env("MONOLITH_URL", default="http://127.0.0.1:8000"),
    "USER_FIELDS": [*USER_FIELDS, *(f"profile.{name}" for name in _PROFILE_FIELDS)],
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    *strangler.SERVICE_APPS,
    "strangler.bridge",
    "extracted.accounts.apps.AccountsConfig",
]
MIDDLEWARE = [
    "strangler.service.sandbox.SandboxMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "strangler.bridge.middleware.VisitorMiddleware",  # people may have logged in at the shop
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "extracted.accounts.urls"
WSGI_APPLICATION = "extracted.accounts.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "extracted.accounts.shop.links",
            ],
        },
    },
]
CSRF_FAILURE_VIEW = "extracted.accounts.views.csrf_failure"

DATABASES = {
    "default": database_from_url(
        env("ACCOUNTS_DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'accounts.sqlite3'}"),
        variable="ACCOUNTS_DATABASE_URL",
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"

# As the shop has them: a password that is good at one side is good at the other.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/photos/"
LOGOUT_REDIRECT_URL = "/"

vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=10)
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", default="Halftone <hello@halftone.example>")

ACCOUNTS = {
    "SHOP_NAME": env("SHOP_NAME", default="Halftone"),
    "SHOP_STATIC_URL": env("SHOP_STATIC_URL", default="/static/"),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
if IS_LOCAL:  # a fresh checkout has no place for the databases yet; in an image nobody may write there
    STATE_DIR.mkdir(exist_ok=True)
