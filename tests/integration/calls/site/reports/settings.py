"""Settings of the service."""

import os

import strangler
from strangler.conf import database_from_url

SECRET_KEY = "s" * 50
INSTALLED_APPS = [*strangler.SERVICE_APPS]
DATABASES = {"default": database_from_url(os.environ["REPORTS_DATABASE_URL"])}
USE_TZ = True
STRANGLER = {"SERVICE": "reports", "TOPOLOGY": os.environ["SITE_TOPOLOGY"]}
