"""Settings of a small site for the tests of `strangler up`; TOPOLOGY names its topology file."""

import os

import strangler

SECRET_KEY = "a key that only this test knows, long enough for Django"
INSTALLED_APPS = ["django.contrib.contenttypes", *strangler.MONOLITH_APPS]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
STRANGLER = {"TOPOLOGY": os.environ["TOPOLOGY"], "SIGNING_KEYS": ["a signing key of the tests, 32 or more"]}
USE_TZ = True
