"""What is on its way: messages of each call that wait in the outbox and in the queues of both sides.

What a worker holds at the moment, and what waits in a worker for its ETA, no broker tells; a drain is over when
nothing waits and the workers are idle.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import router

from strangler.conf import config
from strangler.core.carried import DECISION
from strangler.core.messages import HEADER_PREFIX
from strangler.core.seams import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kombu import Connection

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """Messages of one call that nobody has worked on yet; None is unknown, because nobody answered in time.

    Args:
        outbox: rows that wait for a relay.
        service: messages in the service's queue, of this and other calls.
        legacy: messages in the monolith's own queue; None for a callable, which has none.
        legacy_queue: name of that queue; None for a callable.
    """

    outbox: int | None = None
    service: int | None = None
    legacy: int | None = None
    legacy_queue: str | None = None

    @property
    def to_service(self) -> str:
        """Return what is on its way to the service, for people: `3 + 12` in outbox and queue."""
        return f"{_shown(self.outbox)} + {_shown(self.service)}"

    @property
    def to_legacy(self) -> str:
        """Return what is on its way to the monolith's own workers, for people."""
        return _shown(self.legacy) if self.legacy_queue else "-"


def read_flights(calls: Iterable[Call]) -> Mapping[str, Flight]:
    """Return what is in flight for each of *calls*, by the name of the seam.

    Ends within a few times the broker timeout, whatever state broker and database are in.
    """
    wanted = list(calls)
    own = {call.name: _legacy_queue(call) for call in wanted}
    queues = {call.queue for call in wanted} | {queue for queue in own.values() if queue}
    lengths = read_lengths(sorted(queues))
    return {
        call.name: Flight(
            outbox=_count_outbox(call),
            service=lengths.get(call.queue),
            legacy=lengths.get(own[call.name] or ""),
            legacy_queue=own[call.name],
        )
        for call in wanted
    }


def read_flight(seam: object) -> Flight | None:
    """Return what is in flight for *seam*; None for a route, which has no messages."""
    return read_flights([seam])[seam.name] if isinstance(seam, Call) else None


def read_lengths(queues: Iterable[str]) -> Mapping[str, int]:
    """Return how many messages wait in each of *queues*; those that the broker does not tell in time are missing."""
    found: dict[str, int] = {}
    # A frozen broker can hold a client in places that no timeout of the client reaches.
    thread = threading.Thread(target=_read_lengths, args=(list(queues), found), daemon=True)
    thread.start()
    thread.join(timeout=2 * config().broker_timeout.total_seconds())
    return dict(found)


def _read_lengths(queues: list[str], found: dict[str, int]) -> None:
    try:
        from kombu import Connection  # noqa: PLC0415 - of the extra "celery"
        from kombu.exceptions import OperationalError  # noqa: PLC0415 - as above
    except ImportError:
        return
    seconds = config().broker_timeout.total_seconds()
    url = config().broker_url
    options = {} if url.startswith("amqp") else {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    connection = Connection(url, connect_timeout=seconds, transport_options=options)
    troubles: tuple[type[BaseException], ...] = (*connection.connection_errors, OperationalError, OSError)
    with suppress(*troubles):  # what is missing is shown as unknown
        connection.ensure_connection(max_retries=0)  # left alone, it would try again after two seconds
        for queue in queues:
            found[queue] = _length(connection, queue)
    with suppress(*troubles):
        connection.release()


def _length(connection: Connection, queue: str) -> int:
    """Return the messages that wait in *queue*; a queue that does not exist has none."""
    channel: Any = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except connection.channel_errors:
        return 0
    finally:
        if channel.connection is not None:
            channel.close()


def _count_outbox(call: Call) -> int | None:
    """Count the waiting messages that this seam sent; several seams may share a task, so the decision tells."""
    from strangler.outbox.models import OutboxMessage  # noqa: PLC0415 - imported before models can exist

    mark = f'"{HEADER_PREFIX}{DECISION}":"{call.name}='
    rows = OutboxMessage.objects.using(router.db_for_read(OutboxMessage))
    try:
        return rows.filter(type=call.task, queue=call.queue, headers__contains=mark).count()
    except DatabaseError:
        return None


def _legacy_queue(call: Call) -> str | None:
    try:
        from strangler.calls import tasks  # noqa: PLC0415 - of the extra "celery"
    except ImportError:
        return None
    tasks.load()
    return tasks.legacy_queue(call)


def _shown(count: int | None) -> str:
    return UNKNOWN if count is None else str(count)
