"""`strangler relay`: publish what waits in the outbox of one database.

What holds, whatever dies, freezes or is started twice:

- **No loss.** A message whose transaction committed is published. Its row is deleted only after the broker confirmed it
  (Redis, Valkey: the reply to EXEC; RabbitMQ: the publisher confirm of a durable queue). A message with a lower id that
  commits later is found like any other. What a broker confirmed and then lost, because it was wiped, nobody else can
  know: with `OUTBOX_RETENTION` such messages are kept for so long, and `strangler outbox replay --since` sends them again.
- **At least once.** A message is published a second time if the relay is killed between the confirm and the delete, if
  the confirm does not arrive in time, or if a relay is stopped for longer than its lease, goes on, and had a batch in
  its hands. No second relay's messages are deleted then (Note [Fencing]). `strangler.service.inbox` removes repeats.
- **Order per key.** Messages of one key, queue and priority reach the broker in the order of their `available_at`, then
  of their ids, with any number of relays. Repeats, as above, are not part of that order; a parked message does not hold
  up those behind it. Messages without a key have no order.
- **An outage costs nothing.** There is no counter of attempts. While the broker is dead, frozen or full, the relay tries
  again after 0.1 to 5 seconds and everything waits; a queue that takes nothing holds up no other queue.
- **A bad message harms nobody.** What can't be published for a reason of its own is parked with that reason.
- **The owner's queue.** Where a message goes is decided once more when it is published (`readdress`): tables may have changed
  hands since it was written. It is written down before, so that table and broker say the same.
- **Several relays share the work**, by lanes (Note [Lanes]). One that ends in good order gives its share back at
  once; the share of one that was killed is taken over when its lease runs out (`OUTBOX_LEASE`, 10 s).
- **Quick, and quiet.** A commit wakes the relay by a datagram (Note [Wake by datagram]); with nothing to do it asks the
  database at most once a second.

Source: microservices.io, Transactional outbox; Kleppmann, How to do distributed locking (fencing tokens).
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections

from strangler.outbox import shelves
from strangler.outbox.claims import read_batch, readdress, settle, until_next
from strangler.outbox.tenure import Tenure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strangler.errors import BrokerUnavailable
    from strangler.outbox.publishers import Publisher, Receipt
    from strangler.outbox.wake import Bell
    from strangler.outbox.wire import Row

    Readdress = Callable[[Sequence[Row]], Sequence[Row]]

logger = logging.getLogger(__name__)

FIRST_WAIT = timedelta(milliseconds=20)
LONGEST_IDLE = timedelta(seconds=1)
FIRST_PAUSE = timedelta(milliseconds=100)
LONGEST_PAUSE = timedelta(seconds=5)
SMALLEST_BATCH = 50
MAX_BATCH_BYTES = 8 * 1024 * 1024
SWEEP_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class RelayReport:
    """What a relay did since it began."""

    published: int = 0
    parked: int = 0
    batches: int = 0
    repeated: int = 0  # rows of batches that another relay had taken over
    readdressed: int = 0  # rows that went to another queue than they were written for
    failures: int = 0  # attempts on which the broker failed us


@dataclass(slots=True)
class _Backoff:
    """A pause that doubles, with jitter so that several relays do not return at the same moment."""

    pause: timedelta = FIRST_PAUSE
    until: float = 0.0

    def grow(self) -> None:
        self.until = time.monotonic() + self.pause.total_seconds() * random.uniform(0.5, 1)  # noqa: S311
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def left(self) -> timedelta:
        return timedelta(seconds=max(0.0, self.until - time.monotonic()))


@dataclass(slots=True, kw_only=True)
class RelayOptions:
    """How a relay works.

    Args:
        lease: after how long without a sign of life others take over; longer than the slowest publishing of a batch.
        batch: most rows at a time.
        retention: how long published messages are kept; zero keeps none.
    """

    lease: timedelta
    batch: int
    retention: timedelta


def _nowhere_else(_rows: Sequence[Row]) -> Sequence[Row]:
    return ()


class Relay:
    """One publishing process for one database. See the module for what it guarantees.

    Args:
        alias: the database.
        publisher: the broker.
        bell: what wakes it.
        readdress: tells which of the rows that are about to be published go elsewhere by now, and where.
    """

    def __init__(
        self,
        alias: str,
        *,
        publisher: Publisher,
        bell: Bell,
        options: RelayOptions,
        readdress: Readdress = _nowhere_else,
    ) -> None:
        self.report = RelayReport()
        self._alias = alias
        self._publisher = publisher
        self._bell = bell
        self._options = options
        self._readdress = readdress
        self._tenure = Tenure(alias, lease=options.lease, bell=bell)
        self._limit = options.batch
        self._wait = FIRST_WAIT
        self._broker = _Backoff()
        self._database = _Backoff()
        self._full: dict[str, _Backoff] = {}
        self._unsettled: tuple[Receipt, int] | None = None
        self._failure: BrokerUnavailable | None = None
        self._swept_at = time.monotonic()
        self._is_stopping = False

    def run(self) -> None:
        """Publish until `stop` is called, then give the lanes back."""
        while not self._is_stopping:
            if self._guarded_step() or self._bell.wait(self._pause()):
                self._wait = FIRST_WAIT
        self._end()

    def drain(self) -> None:
        """Publish what is available now, and return; what another relay has, is left to it.

        Raises:
            BrokerUnavailable, DatabaseError: what is left, waits.
        """
        try:
            while self.step():
                pass
            if self._failure is not None:
                raise self._failure
        finally:
            self._end()

    def stop(self) -> None:
        """Have `run` return after the batch at hand; may be called by a signal handler."""
        self._is_stopping = True
        self._bell.ring()

    def step(self) -> bool:
        """Publish and settle one batch; returns False if there was nothing to do at the moment.

        Raises:
            DatabaseError: what was published stays in hand, and is settled by the next step.
        """
        if self._unsettled is not None:
            self._settle(*self._unsettled)
        if self._tenure.is_due:
            self._tenure.keep()
        self._sweep()
        if self._broker.left():
            return False
        rows = self._addressed(self._read())
        if not rows:
            return False
        if not self._tenure.is_certain:
            return True  # stopped since we read: what we hold may be another's by now
        self._publish(rows)
        return True

    def _guarded_step(self) -> bool:
        if self._database.left():
            return False
        try:
            is_busy = self.step()
        except DatabaseError as error:
            self._database.grow()
            logger.warning("The database %s failed, the outbox waits: %s", self._alias, error)
            connections[self._alias].close()
            return False
        self._database = _Backoff()
        return is_busy

    def _read(self) -> list[Row]:
        lanes = self._tenure.lanes
        if not lanes:
            return []
        return read_batch(self._alias, lanes=lanes, limit=self._limit, without=self._left_alone())

    def _left_alone(self) -> list[str]:
        return [queue for queue, backoff in self._full.items() if backoff.left()]

    def _addressed(self, rows: list[Row]) -> list[Row]:
        """Return *rows* as they are to be published; those whose new queue takes nothing at the moment wait."""
        changed = {row.pk: row for row in self._readdress(rows)} if rows else {}
        if not changed:
            return rows
        token = self._tenure.token
        if not readdress(self._alias, changed.values(), tenure=self._tenure, token=token):
            return []
        self.report.readdressed += len(changed)
        logger.info("%s messages go to another queue than they were written for", len(changed))
        now = [changed.get(row.pk, row) for row in rows]
        return [row for row in now if row.queue not in self._left_alone()]

    def _publish(self, rows: Sequence[Row]) -> None:
        token = self._tenure.token
        receipt = self._publisher.publish(rows)
        self._note_trouble(receipt)
        self._adapt(rows, receipt)
        if receipt.confirmed or receipt.refused:
            self._unsettled = (receipt, token)
            self._settle(receipt, token)

    def _settle(self, receipt: Receipt, token: int) -> None:
        is_ours = settle(
            self._alias,
            tenure=self._tenure,
            token=token,
            confirmed=receipt.confirmed,
            refused=receipt.refused,
            retention=self._options.retention,
        )
        self._unsettled = None
        self.report.batches += 1
        if not is_ours:
            self.report.repeated += len(receipt.confirmed)
            logger.warning("Another relay has taken over; %s messages are sent again", len(receipt.confirmed))
            return
        self.report.published += len(receipt.confirmed)
        self.report.parked += len(receipt.refused)
        for reason in receipt.refused.values():
            logger.error("Parked: %s", reason)

    def _note_trouble(self, receipt: Receipt) -> None:
        for queue, reason in receipt.full.items():
            self._full.setdefault(queue, _Backoff()).grow()
            logger.warning("Queue %s is left alone for a while: %s", queue, reason)
        self._failure = receipt.failure
        if receipt.failure is not None:
            self.report.failures += 1
            self._broker.grow()
            if not self._tenure.trouble:
                logger.warning("%s", receipt.failure)
            self._tenure.trouble = str(receipt.failure)
            return
        if self._tenure.trouble:
            logger.info("%s takes messages again", self._publisher.name)
        self._tenure.trouble = "; ".join(f"{queue}: {reason}" for queue, reason in receipt.full.items())
        self._broker = _Backoff()
        if receipt.confirmed and not receipt.full:
            self._full = {queue: backoff for queue, backoff in self._full.items() if backoff.left()}

    def _adapt(self, rows: Sequence[Row], receipt: Receipt) -> None:
        """Smaller batches while confirms are late or bodies are large, larger ones again when all is well."""
        size = sum(len(row.body) for row in rows)
        if receipt.failure is not None:
            self._limit = max(SMALLEST_BATCH, self._limit // 2)
        elif size > MAX_BATCH_BYTES:
            self._limit = max(1, len(rows) * MAX_BATCH_BYTES // size)
        else:
            self._limit = min(self._options.batch, max(self._limit, 1) * 2)

    def _pause(self) -> timedelta:
        """Return how long to sleep: until something is due, longer and longer, and no longer than a second."""
        due = [self._wait, self._options.lease / 3]
        for backoff in (self._broker, self._database):
            if backoff.left():
                return min(backoff.left(), self._options.lease / 3)
        self._wait = min(self._wait * 2, LONGEST_IDLE)
        if self._tenure.lanes:
            due += self._until_next()
        return max(min(due), timedelta(milliseconds=1))

    def _until_next(self) -> list[timedelta]:
        try:
            left = until_next(self._alias, lanes=self._tenure.lanes)
        except DatabaseError:
            return []  # the next step meets it as well, and reports it
        if left is None or left <= timedelta(0):
            return []  # late: it belongs to a queue that is left alone
        return [left]

    def _sweep(self) -> None:
        """Now and then, delete what was kept for long enough."""
        if time.monotonic() - self._swept_at < SWEEP_EVERY.total_seconds():
            return
        if shelves.forget_published(self._alias, older_than=self._options.retention) < shelves.CHUNK:
            self._swept_at = time.monotonic()

    def _end(self) -> None:
        self._publisher.close()
        try:
            self._tenure.end()
        except DatabaseError as error:
            logger.warning("The lease has to run out by itself, the database failed: %s", error)
        connections[self._alias].close()
