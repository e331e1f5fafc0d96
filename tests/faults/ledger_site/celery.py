"""The Celery app of the ledger service."""

import os

from celery import Celery
from django.conf import settings

from strangler.service.queues import task_queues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.ledger_site.settings")

app = Celery("ledger")


def _options():
    url = os.environ["BROKER_URL"]
    return {
        "broker_url": url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {}
        if url.startswith("amqp")
        else {
            "visibility_timeout": 3,
            "socket_timeout": 2,
            # Kombu looks for messages of dead workers every 100 s; a test can't wait for that.
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        },
        "task_queues": task_queues(settings.QUEUE, broker_url=url),
        "task_default_queue": settings.QUEUE,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_consumer": "strangler.service.inbox.consumer:ParkingConsumer",
        "worker_hijack_root_logger": False,
    }


app.add_defaults(_options)
app.autodiscover_tasks(["tests.faults.ledger_site"])
