"""The monolith's Celery app."""

import os

from celery import Celery

from strangler.calls import install

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.integration.calls.site.shop.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tests.integration.calls.site.shop"])
install(app)
