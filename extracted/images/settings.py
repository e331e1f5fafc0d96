"""Settings of the image service; everything that differs between machines comes from the environment."""

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
# Debug pages would be seen through the facade, by customers, and Celery workers would keep every query in memory.
DEBUG = False
SECRET_KEY = env("SECRET_KEY", default="local-work-only-" + "k" * 50) if IS_LOCAL else env("SECRET_KEY")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", ".localhost"] if IS_LOCAL else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The facade says how the browser came; it drops the client's own header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = False

_LOCAL_KEYS = ["local-work-only-signing-key-never-in-production"]
STRANGLER = {
    "SERVICE": "images",
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
    "extracted.images.apps.ImagesConfig",
]
MIDDLEWARE = [
    "strangler.service.sandbox.SandboxMiddleware",
    "strangler.service.moving.FenceMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "strangler.service.PrincipalMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "extracted.images.urls"
WSGI_APPLICATION = "extracted.images.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]
CSRF_FAILURE_VIEW = "extracted.images.pages.csrf_failure"

DATABASES = {
    "default": database_from_url(
        env("IMAGES_DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'images.sqlite3'}"),
        variable="IMAGES_DATABASE_URL",
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"

# Below /images/, so that the facade's route for the API brings its pages' assets too.
STATIC_URL = "/images/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(STATE_DIR / "media")))
MEDIA_URL = env("MEDIA_URL", default="/media/")

FILE_UPLOAD_HANDLERS = ["extracted.images.receiving.HashingUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # only stops abuse: the limit that people meet is IMAGES["MAX_FILES"]

IMAGES = {
    "SIZES": tuple(env.list("IMAGES_SIZES", cast=int, default=[1280, 640, 160])),
    "MAX_FILES": env.int("IMAGES_MAX_FILES", default=50),
    "MAX_BODY_BYTES": env.int("IMAGES_MAX_BODY_BYTES", default=100_000_000),
    "MAX_FILE_BYTES": env.int("IMAGES_MAX_FILE_BYTES", default=50_000_000),
    "MAX_PIXELS": env.int("IMAGES_MAX_PIXELS", default=80_000_000),
    "MAX_FRAMES": env.int("IMAGES_MAX_FRAMES", default=50),
    "MAX_ATTEMPTS": env.int("IMAGES_MAX_ATTEMPTS", default=3),
    "MEMORY_BYTES": env.int("IMAGES_MEMORY_BYTES", default=1_073_741_824),
    "SOFT_TIME_LIMIT": timedelta(seconds=env.int("IMAGES_TIME_LIMIT_SECONDS", default=30)),
    "RESEND_AFTER": timedelta(seconds=env.int("IMAGES_RESEND_AFTER_SECONDS", default=30)),
    "REQUEUE_EVERY": timedelta(seconds=env.int("IMAGES_REQUEUE_EVERY_SECONDS", default=5)),
    "BROKER_TIMEOUT": timedelta(seconds=1),
    "MONOLITH_URL": env("MONOLITH_URL", default="http://127.0.0.1:8000").rstrip("/"),
}

CELERY_BROKER_URL = env("BROKER_URL", default="redis://127.0.0.1:6379/0")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Two lines for each message, and beat sends one every few seconds; what became of a photo we say ourselves.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
}
if IS_LOCAL:  # a fresh checkout has no place for the databases yet; in an image nobody may write there
    STATE_DIR.mkdir(exist_ok=True)
