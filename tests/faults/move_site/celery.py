"""The Celery app of the site's own workers."""

import os

from celery import Celery

from strangler.calls import install

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.move_site.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tests.faults.move_site"])
install(app)
