"""Consume the plain queue, for as long as it takes.

At least once: a message is acknowledged when its row is committed, or when its copy in the dead-letter queue is
confirmed. Whoever dies in between gets it again, and the business id makes the repetition harmless.
"""

import logging
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pika
from django.db import close_old_connections
from django.db.utils import DataError, IntegrityError
from django.db.utils import Error as DatabaseError
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pika.spec import Basic, BasicProperties

from extracted.email.plain_queue.handling import DeadLetter, Incoming, handle

_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(seconds=30)
_LOOK_UP = 0.5  # seconds between looks at whether to stop
_LONGEST_DETAIL = 1000

logger = logging.getLogger(__name__)


class Consumer:
    """Takes messages from *queue* of the RabbitMQ at *url* until it is told to stop.

    Reconnects after any failure of the broker or the database, waiting twice as long each time, up to 30 seconds.

    Args: work: what is done with a message; returns why it can't be used, or None.
    """

    def __init__(
        self, url: str, *, queue: str, work: Callable[[Incoming], DeadLetter | None] = handle
    ) -> None:
        self.url = url
        self.queue = queue
        self.work = work
        self._stopping = threading.Event()
        self._failures = 0

    @property
    def dead_letters(self) -> str:
        """Return the name of the dead-letter queue."""
        return f"{self.queue}.dead"

    def stop(self) -> None:
        """Stop after the message at hand; may be called from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Consume until `stop` is called."""
        while not self._stopping.is_set():
            try:
                self._consume()
            except (AMQPError, OSError) as error:
                self._wait(f"RabbitMQ failed ({type(error).__name__}: {error})")
            except DatabaseError as error:
                # Closing the connection has given the message back; the database is to blame, not the message.
                self._wait(f"the database failed ({error})")

    def _consume(self) -> None:
        with pika.BlockingConnection(_parameters(self.url)) as connection:
            channel = connection.channel()
            self._prepare(channel)
            logger.info("waiting for messages in %s", self.queue)
            for method, properties, body in channel.consume(self.queue, inactivity_timeout=_LOOK_UP):
                if method is not None:
                    self._take(channel, method, properties, body)
                if self._stopping.is_set():
                    channel.cancel()  # what was prefetched goes back
                    return

    def _prepare(self, channel: BlockingChannel) -> None:
        channel.confirm_delivery()
        channel.basic_qos(prefetch_count=1)
        channel.queue_declare(self.queue, durable=True)
        channel.queue_declare(self.dead_letters, durable=True)

    def _take(
        self, channel: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        close_old_connections()
        incoming = _incoming(method, properties, body)
        try:
            problem = self.work(incoming)
        except (DataError, IntegrityError):
            logger.exception("message %s failed", incoming.message_id or "without an id")
            self._give_back(channel, method)
            return
        except DatabaseError:
            raise
        except Exception:
            logger.exception("message %s failed", incoming.message_id or "without an id")
            self._give_back(channel, method)
            return
        if problem:
            self._bury(channel, properties, body, problem)
        channel.basic_ack(method.delivery_tag)
        self._failures = 0

    def _give_back(self, channel: BlockingChannel, method: Basic.Deliver) -> None:
        """Put a message back that failed for a reason of its own; it is counted, and given up after a few times."""
        self._stopping.wait(_FIRST_WAIT.total_seconds())
        channel.basic_nack(method.delivery_tag, requeue=True)

    def _bury(
        self, channel: BlockingChannel, properties: BasicProperties, body: bytes, problem: DeadLetter
    ) -> None:
        logger.error("a message can't be used (%s): %s", problem.reason, problem.detail)
        properties.headers = {
            **(properties.headers or {}),
            "reason": problem.reason,
            "detail": problem.detail[:_LONGEST_DETAIL],
            "refused-from": self.queue,
            "refused-at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        properties.delivery_mode = pika.DeliveryMode.Persistent.value
        properties.expiration = None
        channel.basic_publish("", self.dead_letters, body, properties, mandatory=True)

    def _wait(self, problem: str) -> None:
        self._failures += 1
        wait = min(_FIRST_WAIT * 2 ** min(self._failures - 1, 10), _LONGEST_WAIT)
        wait *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, keeps no secret
        logger.warning("%s, next try in %.1f s", problem, wait.total_seconds())
        self._stopping.wait(wait.total_seconds())


def _incoming(method: Basic.Deliver, properties: BasicProperties, body: bytes) -> Incoming:
    return Incoming(
        body=body,
        message_id=properties.message_id or "",
        type=properties.type or "",
        headers=properties.headers or {},
        is_repeated=bool(method.redelivered),
    )


def _parameters(url: str) -> pika.URLParameters:
    # Celery writes the virtual host `/` as `//`, which pika takes for an empty name.
    parameters = pika.URLParameters(f"{url.removesuffix('//')}/%2F" if url.endswith("//") else url)
    parameters.heartbeat = 30  # a frozen broker is noticed within a minute
    parameters.socket_timeout = parameters.stack_timeout = 5
    parameters.blocked_connection_timeout = 30
    return parameters
