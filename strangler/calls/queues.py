"""The service's queue, as a monolith that sends to it must see it."""

from __future__ import annotations

from typing import Any

from kombu import Exchange, Queue

from strangler.outbox.queues import queue_arguments


class ServiceQueue(Queue):
    """A queue that is made if there is none, and left as its owner made it if there is one.

    Celery declares every queue before it publishes, and RabbitMQ refuses a second declaration with other arguments:
    a monolith that thinks of another kind of queue than the service does could not send at all.
    """

    def _create_queue(self, nowait: bool = False, channel: Any = None) -> None:  # noqa: FBT001, FBT002 - Kombu's
        wanted = channel or self.channel
        if not (_has_kinds_of_queues(wanted) and _exists(self.name, wanted)):
            super()._create_queue(nowait=nowait, channel=channel)


def service_queue(name: str) -> ServiceQueue:
    """Return queue *name* of a service, reached through the default exchange."""
    return ServiceQueue(name, Exchange(""), routing_key=name, queue_arguments=queue_arguments(name))


def _has_kinds_of_queues(channel: Any) -> bool:
    return bool(channel.connection.client.transport.driver_type == "amqp")


def _exists(name: str, channel: Any) -> bool:
    """Ask on a channel of its own, which RabbitMQ closes if there is none."""
    client = channel.connection.client
    asking = client.channel()
    try:
        asking.queue_declare(name, passive=True)
    except client.channel_errors:
        return False
    asking.close()
    return True
