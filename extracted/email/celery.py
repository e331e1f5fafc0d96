"""The Celery app of the service: `celery -A extracted.email worker -Q email`."""

import os
from typing import Any

from celery import Celery
from django.conf import settings

from extracted.email.conf import config
from strangler.service.celery import celery_options

QUEUE = "email"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.email.settings")


def _options() -> dict[str, Any]:
    return celery_options(
        settings.CELERY_BROKER_URL,
        queue=QUEUE,
        soft_time_limit=config().soft_time_limit,
        hard_time_limit=config().hard_time_limit,
        schedule=_schedule(),
    )


def _schedule() -> dict[str, Any]:
    # They expire before the next one comes, so that they do not pile up while no worker runs.
    return {
        "requeue": {"task": "email.requeue", "schedule": 2.0, "options": {"expires": 2}},
        "prune": {"task": "email.prune", "schedule": 3600.0, "options": {"expires": 3600}},
    }


app = Celery("email")
app.add_defaults(_options)  # read when first needed: importing this module needs no settings
app.autodiscover_tasks(["extracted.email"])
