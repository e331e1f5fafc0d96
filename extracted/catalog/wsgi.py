"""The WSGI application of the service: `gunicorn extracted.catalog.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.catalog.settings")

application = get_wsgi_application()

# Django loads URLs on first use; here that would be somebody's page.
get_resolver().url_patterns  # noqa: B018
