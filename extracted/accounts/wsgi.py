"""The WSGI application of the service: `gunicorn extracted.accounts.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.accounts.settings")

application = get_wsgi_application()

# Django loads on first use; here that would be somebody's login.
get_resolver().url_patterns  # noqa: B018
