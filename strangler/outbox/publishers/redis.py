"""Publish to Redis or Valkey in the format of Kombu's transport, whole batches at a time.

Source: kombu 5.7, `kombu/transport/redis.py` and `virtual/base.py`: a queue is a list per priority, LPUSH on one end
and BRPOP on the other; the body is in base64 within a JSON envelope. The default exchange needs no binding.

Note [All or nothing]: a batch is one MULTI/EXEC. Either all of it is in the lists or nothing, so that messages of a
key can't be in them without an earlier one; and a batch that is not answered is simply sent again.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from strangler.errors import BrokerUnavailable, MessageError
from strangler.outbox.publishers.base import Receipt
from strangler.outbox.wire import Row, task_body, task_headers_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

SEPARATOR = "\x06\x16"
STEPS = (0, 3, 6)
"""Kombu's numbers for HIGH, NORMAL and LOW: on Redis 0 comes first, and 0 has the queue's plain name."""

# The server takes nothing from anybody at the moment; all other answers are about one list.
_UNWILLING = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.MasterDownError,
    redis.exceptions.ClusterDownError,
)


class RedisPublisher:
    """One connection; every command and connection attempt ends within the timeout, nothing is retried."""

    def __init__(self, url: str, *, timeout: timedelta) -> None:
        parts = urlsplit(url)
        self.name = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}{parts.path}"
        seconds = timeout.total_seconds()
        self._client = redis.Redis.from_url(
            url.replace("valkey", "redis", 1) if parts.scheme.startswith("valkey") else url,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            socket_keepalive=True,
            retry=Retry(
                NoBackoff(), 0
            ),  # the relay waits between attempts, and a batch must not be sent twice
            single_connection_client=False,
            max_connections=1,
        )

    def publish(self, rows: Sequence[Row]) -> Receipt:
        """See `Publisher.publish`."""
        receipt = Receipt()
        lists: dict[str, tuple[list[int], list[str]]] = {}
        for row in rows:
            try:
                payload = encode(row)
            except MessageError as error:
                receipt.refused[row.pk] = str(error)
                continue
            pks, payloads = lists.setdefault(list_name(row.queue, row.rank), ([], []))
            pks.append(row.pk)
            payloads.append(payload)
        if lists:
            self._push(lists, receipt)
        return receipt

    def close(self) -> None:
        """See `Publisher.close`."""
        self._client.connection_pool.disconnect()

    def _push(self, lists: dict[str, tuple[list[int], list[str]]], receipt: Receipt) -> None:
        pipeline = self._client.pipeline(transaction=True)  # See Note [All or nothing]
        for name, (_, payloads) in lists.items():
            pipeline.lpush(name, *payloads)
        try:
            answers = pipeline.execute(raise_on_error=False)
        except redis.ResponseError as error:
            self._understand(error, lists, receipt)
        except (redis.RedisError, OSError) as error:
            self.close()
            receipt.failure = BrokerUnavailable(str(error) or type(error).__name__, broker=self.name)
        else:
            for (name, (pks, _)), answer in zip(lists.items(), answers, strict=True):
                if isinstance(answer, Exception):
                    receipt.full[queue_of(name)] = str(answer)
                else:
                    receipt.confirmed += pks

    def _understand(
        self, error: redis.ResponseError, lists: dict[str, tuple[list[int], list[str]]], receipt: Receipt
    ) -> None:
        """Find out whether one list is to blame: the server refused a command, and with it the whole batch."""
        if isinstance(error, _UNWILLING) or "MISCONF" in str(error):
            receipt.failure = BrokerUnavailable(str(error), broker=self.name)
        elif len(lists) == 1:
            receipt.full[queue_of(next(iter(lists)))] = str(error)
        else:
            for name, entry in lists.items():
                if not receipt.failure:
                    self._push({name: entry}, receipt)


def queue_of(list_name: str) -> str:
    """Return the queue that a list belongs to."""
    return list_name.partition(SEPARATOR)[0]


def list_name(queue: str, rank: int) -> str:
    """Return the list that Kombu reads for *queue* at the priority of *rank*."""
    step = STEPS[rank]
    return f"{queue}{SEPARATOR}{step}" if step else queue


def encode(row: Row) -> str:
    """Return what Kombu expects to find in the list.

    Raises:
        MessageError: the row is no message.
    """
    body = b64encode(task_body(row).encode()).decode()
    return (
        f'{{"body":"{body}","content-encoding":"utf-8","content-type":"application/json",'
        f'"headers":{task_headers_text(row)},'
        f'"properties":{{"correlation_id":"{row.message_id}","reply_to":"","delivery_mode":2,'
        f'"delivery_info":{{"exchange":"","routing_key":"{row.queue}"}},"priority":{STEPS[row.rank]},'
        f'"body_encoding":"base64","delivery_tag":"{uuid4()}"}}}}'
    )
