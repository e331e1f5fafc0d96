"""Write a message in the caller's transaction."""

from __future__ import annotations

import zlib
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import connections, router, transaction
from django.db.models import UUIDField

from strangler.core.carried import CORRELATION, carried
from strangler.core.messages import Message, Priority, encode_body, encode_headers
from strangler.core.origin import travelling
from strangler.errors import NotInTransactionError
from strangler.outbox.clock import later_sql, microseconds, now_sql
from strangler.outbox.models import LANES, RANKS, OutboxMessage
from strangler.outbox.wake import wake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.core.messages import JSON

_COLUMNS = ("message_id", "type", "version", "body", "headers", "queue", "key", "rank", "lane")
_ID = UUIDField()
_TABLE = "strangler_outbox_outboxmessage"


def send(  # noqa: PLR0913 - keyword-only, and all but three have a default
    type: str,  # noqa: A002 - what the wire calls it
    body: Mapping[str, JSON],
    *,
    to: str,
    key: str = "",
    delay: timedelta = timedelta(0),
    priority: Priority = Priority.NORMAL,
    version: int = 1,
    headers: Mapping[str, str] | None = None,
    using: str | None = None,
    id: UUID | None = None,  # noqa: A002
) -> UUID:
    """Write a message for task *type* in the caller's transaction; it exists if and only if that commits.

    One INSERT, no broker. The relay publishes it at least once, and a task under `strangler.service.inbox.receive`
    has its effect exactly once. Two messages with the same *id* are the same message to the receiver.

    Args:
        type: name of the receiving Celery task, `email.deliver`.
        body: a JSON object of at most 256 KiB.
        to: queue of the receiving service, its name.
        key: messages of one key, queue and priority arrive in the order of sending.
        delay: how long to wait before it is published; it waits in the database, not in the broker.
        priority: HIGH overtakes NORMAL overtakes LOW.
        version: which shape of body this is.
        headers: facts that travel with it, besides those that are carried already (decision, correlation id, trace).
        using: alias of the database whose transaction it belongs to; the one that the routers name by default.
        id: makes the message recognisable to the receiver; a new one by default.
    Returns: the id.
    Raises:
        NotInTransactionError: there is no transaction that it could belong to.
        MessageError: it is wrong in itself; the message says which part.
    """
    alias = using or router.db_for_write(OutboxMessage)
    message_id = id or uuid4()
    message = Message(
        id=message_id,
        type=type,
        body=body,
        queue=to,
        version=version,
        key=key,
        priority=priority,
        headers={CORRELATION: str(message_id), **carried(), **travelling(), **(headers or {})},
        delay=delay,
    )
    connection = connections[alias]
    if not connection.in_atomic_block:
        raise NotInTransactionError(type, database=alias)
    _insert(message, connection=connection)
    _wake_after_commit(connection)
    return message_id


def lane_of(message: Message) -> int:
    """Return the lane of a message: the same for all messages of a key. See Note [Lanes]."""
    return zlib.crc32(message.key.encode() or message.id.bytes) % LANES


def _insert(message: Message, *, connection: BaseDatabaseWrapper) -> None:
    """Insert one row by SQL of our own: Django's way through model and query costs as much as the database."""
    values = [
        _ID.get_db_prep_value(message.id, connection=connection),
        message.type,
        message.version,
        encode_body(message),
        encode_headers(message.headers),
        message.queue,
        message.key,
        RANKS[message.priority],
        lane_of(message),
    ]
    moment = now_sql(connection)
    if message.delay:
        values.append(microseconds(message.delay))
        moment = later_sql(connection)
    quoted = ", ".join(map(connection.ops.quote_name, (*_COLUMNS, "available_at", "created_at")))
    table = connection.ops.quote_name(_TABLE)
    marks = "%s, " * len(_COLUMNS)
    statement = f"INSERT INTO {table} ({quoted}) VALUES ({marks}{moment}, {now_sql(connection)})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _wake_after_commit(connection: BaseDatabaseWrapper) -> None:
    """Have the relays woken once, however many messages the transaction writes in a row."""
    waiting, waker = connection.run_on_commit, _waker(connection.alias)
    if not waiting or waiting[-1][1] is not waker:
        transaction.on_commit(waker, using=connection.alias, robust=True)


@cache
def _waker(alias: str) -> Callable[[], None]:
    """Return the one function that wakes the relays of *alias*, so that it is recognised when it waits already."""

    def wake_relays() -> None:
        wake(alias)

    return wake_relays
