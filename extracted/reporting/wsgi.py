"""The WSGI application of the service: `gunicorn extracted.reporting.wsgi`."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.reporting.settings")

application = get_wsgi_application()

# Django and Celery load on first use; here that would be somebody's request.
get_resolver().url_patterns  # noqa: B018
import_module("extracted.reporting.announcing").prepare()
