"""Settings of the small project; its folder for databases comes from the environment."""

import os

import strangler
from strangler.core.seams import Service
from strangler.core.topology import Topology

SITE = "tests.integration.isolation.site"
SECRET_KEY = "x"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    *strangler.MONOLITH_APPS,
    f"{SITE}.shop",
    f"{SITE}.photos",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SITE_FOLDER"] + "/db.sqlite3",
        "TEST": {"NAME": os.environ["SITE_FOLDER"] + "/test.sqlite3"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STRANGLER = {
    "TOPOLOGY": Topology(services={"images": Service(name="images", settings="x", owns=("photos.Photo",))})
}
if os.environ.get("SITE_RATCHET"):
    STRANGLER["ISOLATION_RATCHET"] = os.environ["SITE_RATCHET"]
