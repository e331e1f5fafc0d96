"""Settings of the email service; everything that differs between machines comes from the environment."""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path

import environ

import strangler
from extracted.email.strictness import MISSING
from strangler.conf import database_from_url

BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = BASE_DIR / "var"

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# A machine that was given no secret is somebody's own: only there do the well-known defaults below apply.
IS_LOCAL = env.bool("DEBUG", default="SECRET_KEY" not in env.ENVIRON)
# Debug pages would be seen through the facade, and Celery workers would keep every query in memory.
DEBUG = False
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
    "SERVICE": "email",
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
    "extracted.email.apps.EmailConfig",
]
MIDDLEWARE = [
    "strangler.service.sandbox.SandboxMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "strangler.service.PrincipalMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "extracted.email.urls"
WSGI_APPLICATION = "extracted.email.wsgi.application"
_DJANGO_TEMPLATES = "django.template.backends.django.DjangoTemplates"
_MAILS = BASE_DIR / "extracted" / "email" / "mails"
TEMPLATES = [
    {
        "NAME": "pages",
        "BACKEND": _DJANGO_TEMPLATES,
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
    {
        "NAME": "mail_html",
        "BACKEND": _DJANGO_TEMPLATES,
        "DIRS": [_MAILS],
        "OPTIONS": {"string_if_invalid": MISSING},
    },
    {
        "NAME": "mail_text",
        "BACKEND": _DJANGO_TEMPLATES,
        "DIRS": [_MAILS],
        "OPTIONS": {"string_if_invalid": MISSING, "autoescape": False},
    },
]
CSRF_FAILURE_VIEW = "extracted.email.door.csrf_failure"

DATABASES = {
    "default": database_from_url(
        env("EMAIL_DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'email.sqlite3'}"),
        variable="EMAIL_DATABASE_URL",
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"

# Below /email/, so that the facade's route brings the pages' assets too.
STATIC_URL = "/email/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # only stops abuse: what callers meet is EMAIL["MAX_BODY_BYTES"]

vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
_DJANGO_SMTP = "django.core.mail.backends.smtp.EmailBackend"
# Ours knows in which phase a connection broke; any other back end of Django's kind works, such as anymail's.
EMAIL_BACKEND = env(
    "EMAIL_BACKEND",
    default=(
        "extracted.email.smtp.EmailBackend"
        if vars()["EMAIL_BACKEND"] == _DJANGO_SMTP
        else vars()["EMAIL_BACKEND"]
    ),
)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=10)
EMAIL_USE_LOCALTIME = False
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", default="Halftone <hello@halftone.example>")

EMAIL = {
    "SHOP_NAME": env("SHOP_NAME", default="Halftone"),
    "SENDER": DEFAULT_FROM_EMAIL,
    "MESSAGE_ID_DOMAIN": parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2],
    "DOUBT_POLICY": env("EMAIL_UNKNOWN_POLICY", default="retry"),
    "MAX_DOUBTS": env.int("EMAIL_MAX_UNKNOWN", default=5),
    "FIRST_WAIT": timedelta(seconds=env.float("EMAIL_FIRST_WAIT_SECONDS", default=5)),
    "LONGEST_WAIT": timedelta(hours=1),
    "LONGEST_OUTAGE_WAIT": timedelta(minutes=5),
    "GIVE_UP_AFTER": timedelta(hours=env.float("EMAIL_GIVE_UP_HOURS", default=120)),
    "SOFT_TIME_LIMIT": timedelta(seconds=env.int("EMAIL_TIME_LIMIT_SECONDS", default=120)),
    "KILL_AFTER": timedelta(seconds=env.int("EMAIL_KILL_AFTER_SECONDS", default=10)),
    "FINAL_REPLY_TIMEOUT": timedelta(seconds=env.int("EMAIL_FINAL_REPLY_SECONDS", default=60)),
    "RESEND_AFTER": timedelta(seconds=env.int("EMAIL_RESEND_AFTER_SECONDS", default=30)),
    "BROKER_TIMEOUT": timedelta(seconds=1),
    "SUPPRESS_HARD_BOUNCES": env.bool("EMAIL_SUPPRESS_HARD_BOUNCES", default=False),
    "RETENTION": timedelta(days=env.int("EMAIL_RETENTION_DAYS", default=90)),
    "MAX_BODY_BYTES": 256 * 1024,
    "MAX_CONTEXT_BYTES": env.int("EMAIL_MAX_CONTEXT_BYTES", default=64 * 1024),
    "MAX_RECIPIENTS": env.int("EMAIL_MAX_RECIPIENTS", default=50),
    "MAX_CONTENT_BYTES": 2_000_000,
    "SOURCE_ADDRESS": env("EMAIL_SOURCE_ADDRESS", default=""),
    "TASKS_URL": env("EMAIL_TASKS_URL", default="amqp://guest:guest@127.0.0.1:5672/%2F"),
    "TASKS_QUEUE": "email_tasks",
    "MAX_DELIVERIES": 5,
    "LOGIN_URL": env("LOGIN_URL", default="/account/login/"),
}

CELERY_BROKER_URL = env("BROKER_URL", default="redis://127.0.0.1:6379/0")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "pika": {"level": "WARNING"},  # at INFO it tells every step of every connection
        # Celery's two lines for every task, even if there was nothing to do; `sending` says what became of a mail.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
if IS_LOCAL:  # a fresh checkout has no place for the database yet; in an image nobody may write there
    STATE_DIR.mkdir(exist_ok=True)
