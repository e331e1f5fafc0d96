"""Settings of the accounts service: its own, with the passwords of the test."""

from extracted.accounts.settings import *  # noqa: F403 - a settings module extends another one

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
