"""Settings of the reporting service; everything that differs between machines comes from the environment."""

from datetime import timedelta
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
# Debug pages would be seen through the facade, and Celery workers would keep every query in memory.
DEBUG = False
# Signs download links: the same for all processes of the service.
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
    "SERVICE": "reporting",
    "SIGNING_KEYS": (
        env.list("STRANGLER_SIGNING_KEYS", default=_LOCAL_KEYS)
        if IS_LOCAL
        else env.list("STRANGLER_SIGNING_KEYS")
    ),
}

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    *strangler.SERVICE_APPS,
    "extracted.reporting.apps.ReportingConfig",
]
MIDDLEWARE = [
    "strangler.service.sandbox.SandboxMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "strangler.service.PrincipalMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "extracted.reporting.urls"
WSGI_APPLICATION = "extracted.reporting.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]
CSRF_FAILURE_VIEW = "extracted.reporting.door.csrf_failure"

DATABASES = {
    "default": database_from_url(
        env("REPORTING_DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'reporting.sqlite3'}"),
        variable="REPORTING_DATABASE_URL",
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"

# Below /reporting/, so that the facade's route brings the pages' assets too.
STATIC_URL = "/reporting/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

_MONOLITH_URL = env("MONOLITH_URL", default="http://127.0.0.1:8000").rstrip("/")
REPORTING = {
    "FOLDER": Path(env("REPORTING_FOLDER", default=str(STATE_DIR / "reports"))),
    "MONOLITH_URL": _MONOLITH_URL,
    "STALE_AFTER": timedelta(seconds=env.int("REPORTING_STALE_SECONDS", default=30)),
    "MARK_EVERY": timedelta(seconds=env.int("REPORTING_MARK_EVERY_SECONDS", default=5)),
    "STATEMENT_TIMEOUT": timedelta(seconds=env.float("REPORTING_STATEMENT_SECONDS", default=60)),
    "PAGE_TIMEOUT": timedelta(seconds=env.float("REPORTING_PAGE_SECONDS", default=5)),
    "SLICE": timedelta(seconds=env.float("REPORTING_SLICE_SECONDS", default=20)),
    "TASK_TIME_LIMIT": timedelta(seconds=env.int("REPORTING_TIME_LIMIT_SECONDS", default=300)),
    "LEASE": timedelta(seconds=env.float("REPORTING_LEASE_SECONDS", default=15)),
    "RUN_TIME_LIMIT": timedelta(minutes=env.float("REPORTING_RUN_MINUTES", default=60)),
    "RUNS_PER_USER": env.int("REPORTING_RUNS_PER_USER", default=2),
    "QUEUED_PER_USER": env.int("REPORTING_QUEUED_PER_USER", default=20),
    "MAX_LOSSES": 3,
    "MAX_ROWS": env.int("REPORTING_MAX_ROWS", default=20_000_000),
    "RETENTION": timedelta(days=env.float("REPORTING_RETENTION_DAYS", default=7)),
    "LINK_LIFETIME": timedelta(hours=env.float("REPORTING_LINK_HOURS", default=24)),
    "RESEND_AFTER": timedelta(seconds=env.int("REPORTING_RESEND_AFTER_SECONDS", default=30)),
    "BROKER_TIMEOUT": timedelta(seconds=1),
    "SITE_URL": env("REPORTING_SITE_URL", default=_MONOLITH_URL).rstrip("/"),
    "LOGIN_URL": env("LOGIN_URL", default="/account/login/"),
    "PDF_FONT": env("REPORTING_PDF_FONT", default="/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
}

CELERY_BROKER_URL = env("BROKER_URL", default="redis://127.0.0.1:6379/0")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Two lines for each message, and beat sends one every few seconds; what became of a run we say ourselves.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
}
if IS_LOCAL:  # a fresh checkout has no place for the database yet; in an image nobody may write there
    STATE_DIR.mkdir(exist_ok=True)
