"""The Celery app of the service: one worker for what is quick, `-Q reporting`, others for the runs, `-Q reporting.runs`.

Two queues, because a change of the shop must not wait behind somebody's ten million rows.
"""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from django.conf import settings

from extracted.reporting.conf import config
from strangler.service.celery import celery_options
from strangler.service.queues import task_queues

QUEUE = "reporting"
RUNS = "reporting.runs"
RUN = "reporting.run"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.reporting.settings")


def _options() -> dict[str, Any]:
    url = settings.CELERY_BROKER_URL
    return {
        **celery_options(
            url,
            queue=QUEUE,
            soft_time_limit=config().task_time_limit,
            hard_time_limit=config().hard_time_limit,
            schedule=_schedule(),
        ),
        "task_queues": task_queues(QUEUE, RUNS, broker_url=url),
        "task_routes": {RUN: {"queue": RUNS}},
    }


def _schedule() -> dict[str, Any]:
    every = {
        "reporting.mark": config().mark_every,
        "reporting.requeue": timedelta(seconds=2),
        "reporting.fire": timedelta(seconds=10),
        "reporting.prune": timedelta(hours=1),
    }
    # Each expires before the next one comes, so that they do not pile up while no worker runs.
    return {
        task: {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}
        for task, interval in every.items()
    }


app = Celery("reporting")
app.add_defaults(_options)  # read when first needed: importing this module needs no settings
app.autodiscover_tasks(["extracted.reporting"])
