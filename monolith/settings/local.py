"""Settings for work on one machine: debug pages, a known secret, SQLite and the embedded mail catcher."""

from monolith.settings.base import *  # noqa: F403 - a settings module extends another one
from monolith.settings.base import BASE_DIR, REPLICAS, SERVICE_DATABASES, SHARED_USER_FIELDS, STATE_DIR, env

# SQLite makes its file, but not the folder around it.
STATE_DIR.mkdir(exist_ok=True)

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env("SECRET_KEY", default="local-work-only-" + "k" * 50)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", ".localhost"])

STRANGLER = {
    "TOPOLOGY": BASE_DIR / "strangler.toml",
    "REPLICAS": {"default": REPLICAS} if REPLICAS else {},
    "SERVICE_DATABASES": SERVICE_DATABASES,
    # Known to everybody who reads this file, so good for this machine only.
    "SIGNING_KEYS": env.list(
        "STRANGLER_SIGNING_KEYS", default=["local-work-only-signing-key-never-in-production"]
    ),
    "SERVICE_URLS": {
        "images": env("IMAGES_URL", default="http://127.0.0.1:8001"),
        "email": env("EMAIL_SERVICE_URL", default="http://127.0.0.1:8002"),
        "accounts": env("ACCOUNTS_URL", default="http://127.0.0.1:8003"),
        "reporting": env("REPORTING_URL", default="http://127.0.0.1:8004"),
        "catalog": env("CATALOG_URL", default="http://127.0.0.1:8005"),
    },
    "USER_FIELDS": SHARED_USER_FIELDS,
}
