"""The shop's settings for fault tests.

Passwords are hashed quickly: Django's own hasher takes a second of this machine's time on purpose, and would hide what
a broker or a mail server costs.
"""

from monolith.settings.local import *  # noqa: F403 - a settings module extends another one

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
