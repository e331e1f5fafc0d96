"""The queues on an AMQP broker: quorum queues, durable, with a place for what is rejected.

The relay makes a queue only if there is none: an existing one stays as its owner made it. A service's workers must
declare theirs with the same arguments, which `strangler.service.queues` sees to.
"""

from __future__ import annotations

from typing import Any

DEAD_EXCHANGE = "strangler.dead"
"""Where rejected messages go; each lands in `<queue>.dead`."""

DELIVERY_LIMIT = 20
"""After so many deliveries RabbitMQ itself gives up; the inbox parks long before."""


def queue_arguments(queue: str) -> dict[str, Any]:
    """Return the arguments of the declaration of *queue*.

    Dead letters are moved with confirms as well, which needs a full queue to refuse instead of dropping its oldest.
    Source: rabbitmq.com, Quorum Queues, At-Least-Once Dead Lettering.
    """
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def dead_queue(queue: str) -> str:
    """Return the name of the queue that keeps what was rejected from *queue*."""
    return f"{queue}.dead"
