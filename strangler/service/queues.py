"""The queue of a service, declared as the relay declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kombu import Exchange, Queue

from strangler.outbox.queues import queue_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence


def task_queues(*names: str, broker_url: str) -> Sequence[Queue]:
    """Return Celery's `task_queues` for the queues *names* on the broker at *broker_url*.

    On RabbitMQ they are quorum queues with a place for dead letters. Whoever is first, worker or relay, makes the queue, and
    RabbitMQ refuses a second declaration that differs: so both must use these arguments.
    """
    if not broker_url.startswith(("amqp", "pyamqp")):
        return [Queue(name, routing_key=name) for name in names]
    return [
        Queue(
            name,
            exchange=Exchange("", type="direct"),
            routing_key=name,
            durable=True,
            queue_arguments=queue_arguments(name),
        )
        for name in names
    ]
