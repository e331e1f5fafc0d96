"""Publish to RabbitMQ with publisher confirms, many messages in flight at a time.

Source: rabbitmq.com, Consumer Acknowledgements and Publisher Confirms; py-amqp, which Celery itself uses.

Note [Waves]: confirms arrive in any order and may be negative, so of each key at most one message is in flight. A batch
is cut into waves: the first messages of all keys and everything without a key, then the second ones, and so on.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import amqp
from amqp.exceptions import AMQPError, NotFound
from amqp.exceptions import ConnectionError as AmqpConnectionError

from strangler.errors import BrokerUnavailable, MessageError
from strangler.outbox.publishers.base import Receipt
from strangler.outbox.publishers.cork import Cork
from strangler.outbox.queues import DEAD_EXCHANGE, dead_queue, queue_arguments
from strangler.outbox.wire import Row, task_body, task_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

PRIORITIES = (9, 4, 1)
"""AMQP's numbers for HIGH, NORMAL and LOW; a quorum queue knows two levels, up to 4 and above."""

PERSISTENT = 2
_CONNECTION_FAILURES = (AmqpConnectionError, OSError)


class AmqpPublisher:
    """One connection with one confirming channel; every wait ends within the timeout."""

    def __init__(self, url: str, *, timeout: timedelta) -> None:
        self._parts = urlsplit(url)
        self._timeout = timeout.total_seconds()
        self._connection: amqp.Connection | None = None
        self._channel: _ConfirmingChannel | None = None
        self._cork = Cork()
        self._known: set[str] = set()
        path = self._parts.path[1:]
        self.name = f"{self._parts.scheme}://{self._parts.hostname}:{self._port}/{path}"

    @property
    def _port(self) -> int:
        return self._parts.port or (5671 if self._parts.scheme == "amqps" else 5672)

    def publish(self, rows: Sequence[Row]) -> Receipt:
        """See `Publisher.publish`."""
        receipt = Receipt()
        deadline = time.monotonic() + self._timeout
        for wave in waves(rows):
            self._publish([row for row in wave if row.queue not in receipt.full], receipt)
            # A thousand messages of one key are a thousand waves: the rest has to wait, or the lease would run out.
            if receipt.failure or time.monotonic() > deadline:
                break
        return receipt

    def close(self) -> None:
        """See `Publisher.close`."""
        connection, self._connection, self._channel = self._connection, None, None
        self._known.clear()
        if connection is not None:
            # Not `close()`: it waits for an answer, and this is done because there was none.
            with suppress(OSError, AMQPError):
                connection.collect()

    def _publish(self, rows: list[Row], receipt: Receipt) -> None:
        try:
            self._attempt(rows, receipt)
        except _CONNECTION_FAILURES as error:
            self.close()
            reason = str(error) or type(error).__name__
            receipt.failure = BrokerUnavailable(reason, broker=self.name)
        except AMQPError as error:
            self._channel = None
            if self._connection is None or not self._connection.connected:
                self.close()
                receipt.failure = BrokerUnavailable(str(error), broker=self.name)
            else:
                self._narrow_down(rows, error, receipt)

    def _narrow_down(self, rows: list[Row], error: AMQPError, receipt: Receipt) -> None:
        """Find the message for which the broker closed the channel: it does not say, so halve until it is alone."""
        done = {*receipt.confirmed, *receipt.refused}
        left = [row for row in rows if row.pk not in done and row.queue not in receipt.full]
        if len(left) == 1:
            receipt.refused[left[0].pk] = f"the broker refuses it: {error}"
            return
        middle = len(left) // 2
        for half in (left[:middle], left[middle:]):
            if half and not receipt.failure:
                self._publish(half, receipt)

    def _attempt(self, rows: list[Row], receipt: Receipt) -> None:
        connection = self._connected()
        self._declare_missing({row.queue for row in rows}, connection, receipt)
        if self._channel is None:
            self._channel = _ConfirmingChannel(connection)
        channel = self._channel
        try:
            with self._cork.inserted():
                for row in rows:
                    if row.queue not in receipt.full:
                        self._send(row, channel, receipt)
            channel.wait(timeout=self._timeout)
        finally:
            self._settle(channel.take(), receipt)

    def _send(self, row: Row, channel: _ConfirmingChannel, receipt: Receipt) -> None:
        try:
            channel.send(row)
        except MessageError as error:
            receipt.refused[row.pk] = str(error)

    def _settle(self, outcome: _Outcome, receipt: Receipt) -> None:
        for row in outcome.returned:
            self._known.discard(row.queue)  # somebody deleted it: the next attempt makes it again
            receipt.full[row.queue] = "the broker has no such queue any more"
        for row in outcome.refused:
            receipt.full[row.queue] = "the queue takes nothing at the moment (nack)"
        returned = {row.pk for row in outcome.returned}
        receipt.confirmed += [row.pk for row in outcome.confirmed if row.pk not in returned]

    def _connected(self) -> amqp.Connection:
        if self._connection is not None and self._connection.connected:
            return self._connection
        self.close()
        connection = amqp.Connection(
            host=f"{self._parts.hostname}:{self._port}",
            userid=unquote(self._parts.username or "guest"),
            password=unquote(self._parts.password or "guest"),
            virtual_host=unquote(self._parts.path[1:]) or "/",
            ssl=self._parts.scheme == "amqps",
            connect_timeout=self._timeout,
            read_timeout=self._timeout,
            write_timeout=self._timeout,
            frame_writer=self._cork.frame_writer,
            heartbeat=0,  # nobody would send it between batches; TCP's own keep-alive finds a dead peer
            client_properties={"product": "strangler relay"},
        )
        self._connection = connection  # first: what fails half-way has a socket to close
        connection.connect()
        return connection

    def _declare_missing(self, queues: set[str], connection: amqp.Connection, receipt: Receipt) -> None:
        for queue in sorted(queues - self._known):
            try:
                if not _exists(queue, connection):
                    _declare(queue, connection)
            except _CONNECTION_FAILURES:
                raise
            except AMQPError as error:
                receipt.full[queue] = f"it can't be declared: {error}"
            else:
                self._known.add(queue)


class _Outcome:
    """What the broker said about the messages of one attempt."""

    def __init__(self) -> None:
        self.confirmed: list[Row] = []
        self.refused: list[Row] = []
        self.returned: list[Row] = []


class _ConfirmingChannel:
    """A channel in confirm mode that keeps account of what is in flight."""

    def __init__(self, connection: amqp.Connection) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.confirm_select()
        events: dict[str, set[Any]] = self._channel.events  # type: ignore[attr-defined]  # vine gives it
        events["basic_ack"].add(self._on_ack)
        events["basic_nack"].add(self._on_nack)
        events["basic_return"].add(self._on_return)
        self._last_tag = 0
        self._in_flight: dict[int, Row] = {}
        self._outcome = _Outcome()

    def send(self, row: Row) -> None:
        """Put *row* on its way; raises MessageError if it is no message."""
        message = _message(row)
        self._channel.basic_publish(message, exchange="", routing_key=row.queue, mandatory=True)
        self._last_tag += 1
        self._in_flight[self._last_tag] = row

    def wait(self, *, timeout: float) -> None:
        """Read confirms until nothing is in flight; raises OSError if that takes longer than *timeout*."""
        deadline = time.monotonic() + timeout
        while self._in_flight:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{len(self._in_flight)} messages are not confirmed after {timeout:g} s")
            self._connection.drain_events(timeout=left)

    def take(self) -> _Outcome:
        """Return what is known, and forget it together with what is in flight."""
        outcome, self._outcome = self._outcome, _Outcome()
        self._in_flight.clear()
        return outcome

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - called by position
        self._outcome.confirmed += self._answered(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - called by position
        self._outcome.refused += self._answered(tag, multiple)

    def _on_return(self, _error: Any, _exchange: str, _routing_key: str, message: amqp.Message) -> None:
        """Note what could not be routed; its (positive) confirm follows."""
        wanted = message.properties["message_id"]
        self._outcome.returned += [row for row in self._in_flight.values() if str(row.message_id) == wanted]

    def _answered(self, tag: int, multiple: bool) -> Iterable[Row]:  # noqa: FBT001 - the protocol's own flag
        if not multiple:
            row = self._in_flight.pop(tag, None)
            return [row] if row else []
        tags = [each for each in self._in_flight if each <= tag]
        return [self._in_flight.pop(each) for each in tags]


def waves(rows: Sequence[Row]) -> list[list[Row]]:
    """Cut *rows* so that no key is twice in one part, in order. See Note [Waves]."""
    result: list[list[Row]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        number = seen[row.queue, row.key] if row.key else 0
        if row.key:
            seen[row.queue, row.key] += 1
        if number == len(result):
            result.append([])
        result[number].append(row)
    return result


def _message(row: Row) -> amqp.Message:
    return amqp.Message(
        task_body(row),
        application_headers=task_headers(row),
        content_type="application/json",
        content_encoding="utf-8",
        correlation_id=str(row.message_id),
        message_id=str(row.message_id),
        delivery_mode=PERSISTENT,
        priority=PRIORITIES[row.rank],
    )


def _exists(queue: str, connection: amqp.Connection) -> bool:
    """Ask on a channel of its own, since the broker closes the channel to say no."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except NotFound:
        return False
    channel.close()
    return True


def _declare(queue: str, connection: amqp.Connection) -> None:
    """Make the exchange for dead letters, the queue that keeps them, and the queue."""
    channel = connection.channel()
    channel.exchange_declare(DEAD_EXCHANGE, "direct", durable=True, auto_delete=False)
    dead = dead_queue(queue)
    channel.queue_declare(dead, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(dead, DEAD_EXCHANGE, queue)
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments=queue_arguments(queue))
    channel.close()
