"""Settings of the shop: production's, with a topology of the test, and static files that nobody has to collect."""

from monolith.settings import base
from monolith.settings.production import *  # noqa: F403 - a settings module extends another one
from monolith.settings.production import STRANGLER, env

STRANGLER = {**STRANGLER, "TOPOLOGY": env("SHOP_TOPOLOGY")}
STORAGES = base.STORAGES
WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; the same at the service
