"""The Celery app of the service: `celery -A extracted.images worker -Q images`."""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from django.conf import settings

from extracted.images import worker_limits
from extracted.images.conf import config
from strangler.service.celery import celery_options

QUEUE = "images"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.images.settings")


def _options() -> dict[str, Any]:
    return {
        **celery_options(
            settings.CELERY_BROKER_URL,
            queue=QUEUE,
            soft_time_limit=config().soft_time_limit,
            hard_time_limit=config().hard_time_limit,
            schedule=_schedule(),
        ),
        "worker_max_tasks_per_child": 100,  # gives back what decoders leak
    }


def _schedule() -> dict[str, Any]:
    every = {"images.requeue": config().requeue_every, "images.sweep": timedelta(hours=1)}
    # Each expires before the next one comes, so that they do not pile up while no worker runs.
    return {
        task: {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}
        for task, interval in every.items()
    }


app = Celery("images")
app.add_defaults(_options)  # read when first needed: importing this module needs no settings
app.autodiscover_tasks(["extracted.images"])
worker_limits.connect()
