"""How a service sets up its Celery app, on Redis, Valkey or RabbitMQ.

Each setting below is there because its default lost or doubled somebody's work; the comment says how.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.service.queues import task_queues

if TYPE_CHECKING:
    from collections.abc import Mapping

_VISIBILITY = timedelta(minutes=10)
_BROKER_TIMEOUT = timedelta(seconds=5)


def celery_options(
    url: str,
    *,
    queue: str,
    soft_time_limit: timedelta,
    hard_time_limit: timedelta,
    schedule: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the options of the Celery app of a service.

    Args:
        url: of the broker: `redis://`, `rediss://`, `amqp://` or `amqps://`.
        queue: the service's queue.
        soft_time_limit: of one task; after it the task is interrupted.
        hard_time_limit: after it the task's process is killed; below ten minutes.
        schedule: what beat sends.
    """
    is_amqp = url.startswith("amqp")
    return {
        "broker_url": url,
        "broker_transport_options": transport_options(url, timeout=_BROKER_TIMEOUT),
        "broker_connection_timeout": 4,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # 100 by default, then a worker ends during a long outage
        "task_default_queue": queue,
        # Quorum queues survive the loss of a node; Redis has no kinds of queues. The relay declares them alike.
        "task_queues": task_queues(queue, broker_url=url),
        "task_create_missing_queue_type": "quorum" if is_amqp else "classic",
        "enable_utc": True,
        "beat_schedule": dict(schedule),
        "task_soft_time_limit": soft_time_limit.total_seconds(),
        "task_time_limit": hard_time_limit.total_seconds(),
        **_task_options(),
        **_worker_options(),
    }


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


def _task_options() -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "accept_content": ["json"],  # pickle would run code from whoever reaches the broker
        # Acknowledged after the work, and given back when the process that worked on it is killed. What kills
        # every process that takes it is stopped by counting its deliveries before the work begins.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        # Rows tell the state, so there is nothing to keep; whoever turns results on has them expire.
        "task_ignore_result": True,
        "result_expires": timedelta(hours=1),
    }


def _worker_options() -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": 1,  # four by default: three wait behind a slow one while others are idle
        # SIGTERM lets a worker finish its task; SIGQUIT gives it ten seconds, then its message goes back.
        "worker_soft_shutdown_timeout": 10.0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # a second run is harmless, a kill is waste
        "worker_hijack_root_logger": False,  # Django's LOGGING is in charge
        # Celery drops what it can't decode or has no task for, with a line in the log; ours parks it.
        "worker_consumer": "strangler.service.inbox.consumer:ParkingConsumer",
    }
