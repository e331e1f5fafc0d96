"""Settings of the service, on the database that the tables move to."""

import os
from pathlib import Path

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "move-site-" * 5
USE_TZ = True
INSTALLED_APPS = [*strangler.SERVICE_APPS, "tests.faults.move_site.shelf"]
DATABASES = {"default": database_from_url(os.environ["IMAGES_DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STRANGLER = {
    "SERVICE": "images",
    "TOPOLOGY": Path(__file__).parents[1] / "topology.toml",
    "SIGNING_KEYS": ["move-site-" * 5],
}
