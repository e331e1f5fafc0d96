"""Settings of the service."""

import os

import strangler

SECRET_KEY = "s" * 50
INSTALLED_APPS = [*strangler.SERVICE_APPS]
DATABASES = {}
STRANGLER = {"SERVICE": "reports", "TOPOLOGY": os.environ["SITE_TOPOLOGY"]}
