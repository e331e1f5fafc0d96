"""The service's Celery app."""

import os
from datetime import timedelta

from celery import Celery
from kombu import Exchange, Queue

from strangler.outbox.queues import queue_arguments
from strangler.service.aliases import install_aliases
from strangler.service.celery import celery_options
from strangler.service.handing import install_handing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.integration.calls.site.reports.settings")

app = Celery("reports")
limits = {"soft_time_limit": timedelta(seconds=30), "hard_time_limit": timedelta(seconds=60)}
queue = os.environ["SITE_SERVICE_QUEUE"]
app.conf.update(celery_options(os.environ["SITE_BROKER"], queue=queue, schedule={}, **limits))
app.conf.update(result_backend=os.environ["SITE_RESULTS"], task_ignore_result=False)
app.conf.task_queues = [Queue(queue, Exchange(""), queue, queue_arguments=queue_arguments(queue))]
app.autodiscover_tasks(["tests.integration.calls.site.reports"])
install_aliases(app)
install_handing(app)
