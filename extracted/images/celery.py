"""The Celery app of the service: `celery -A extracted.images worker -Q images`.

Each setting below is there because its default lost or doubled somebody's work; the comment says how. No task has
an ETA or a retry of Celery's own: quorum queues and restarts lose those. What waits, waits in its row.
"""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from django.conf import settings

from extracted.images import worker_limits
from extracted.images.conf import config

QUEUE = "images"
_VISIBILITY = timedelta(minutes=10)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "extracted.images.settings")


def transport_options(url: str, *, timeout: timedelta) -> dict[str, Any]:
    """Return what the broker at *url* needs so that nobody waits longer than *timeout* for a frozen one."""
    seconds = timeout.total_seconds()
    if url.startswith("amqp"):
        # Without confirms, what is sent to a broker that is about to die is lost without an error.
        return {"confirm_publish": True}
    return {
        # A message not acknowledged for so long goes to another worker: longer than any task may take.
        "visibility_timeout": _VISIBILITY.total_seconds(),
        # None would wait for ever for a broker that is stopped but still has its port open.
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": False,
    }


def _options() -> dict[str, Any]:
    url = settings.CELERY_BROKER_URL
    return {
        "broker_url": url,
        "broker_transport_options": transport_options(url, timeout=timedelta(seconds=5)),
        "broker_connection_timeout": 4,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # 100 by default, then a worker ends during a long outage
        "task_default_queue": QUEUE,
        # Quorum queues survive the loss of a node; Redis has no kinds of queues.
        "task_default_queue_type": "quorum" if url.startswith("amqp") else "classic",
        "task_create_missing_queue_type": "quorum" if url.startswith("amqp") else "classic",
        "enable_utc": True,
        "beat_schedule": _schedule(),
        **_task_options(),
        **_worker_options(),
    }


def _task_options() -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "accept_content": ["json"],  # pickle would run code from whoever reaches the broker
        # Acknowledged after the work, and given back when the process that worked on it is killed. What kills
        # every process that takes it is stopped by Photo.attempts.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,  # the row's lease runs out and `images.requeue` sends it again
        "task_soft_time_limit": config().soft_time_limit.total_seconds(),
        "task_time_limit": config().hard_time_limit.total_seconds(),
        # Rows tell the state, so there is nothing to keep; whoever turns results on has them expire.
        "task_ignore_result": True,
        "result_expires": timedelta(hours=1),
    }


def _worker_options() -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": 1,  # four by default: three wait behind a slow one while others are idle
        "worker_max_tasks_per_child": 100,  # gives back what decoders leak
        # SIGTERM lets a worker finish its photo; SIGQUIT gives it ten seconds, then its message goes back.
        "worker_soft_shutdown_timeout": 10.0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # a second run is harmless, a kill is waste
        "worker_hijack_root_logger": False,  # Django's LOGGING is in charge
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
