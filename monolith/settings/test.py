"""Settings of the tests: fast passwords, mail kept in memory; DATABASE_URL chooses the engine."""

import os
import tempfile
from datetime import timedelta

from monolith.settings.local import *  # noqa: F403 - a settings module extends another one
from monolith.settings.local import BASE_DIR, DATABASES, INSTALLED_APPS, STRANGLER

# The toolkit's own tests run here too, and so does the inbox, which only services install.
INSTALLED_APPS = [*INSTALLED_APPS, "strangler.service"]

# No thread that looks for changes: it would go on asking the database in tests that have none.
# Code that touches the other side's tables fails, unless the ratchet file allows it for now. And nobody is at the
# accounts service: a shop that runs beside the tests must not hear of their users.
STRANGLER = {
    **STRANGLER,
    "SERVICE_DATABASES": {},
    "SNAPSHOT_INTERVAL": timedelta(0),
    "ISOLATION": "raise",
    "ISOLATION_RATCHET": BASE_DIR / "strangler-ratchet.toml",
    "SERVICE_URLS": {**STRANGLER["SERVICE_URLS"], "accounts": "http://127.0.0.1:1"},
}

# One database, whatever the environment of a developer names.
for name in ("images", "catalog"):
    DATABASES.pop(name, None)
DATABASE_ROUTERS = []

DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because threads that write to one in-memory database lock each other out at once.
    DATABASES["default"]["TEST"] = {"NAME": f"{tempfile.gettempdir()}/halftone-test-{os.getpid()}.sqlite3"}
