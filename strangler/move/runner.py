"""Do the work of one move until it is told to stop: copy, then follow. Whatever ends it, the next run goes on.

created ─→ copying ─→ following ─→ (verify and switch are other verbs')
   │          │ bursts of chunks, a following step between them
   │          └ all tables complete, and the source's columns are what they were
   └ changelogs, triggers, positions
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import DataError, IntegrityError
from django.db import Error as DatabaseError

from strangler.core.stages import MoveStage
from strangler.errors import MoveBusyError, MovePausedError
from strangler.move import records
from strangler.move.announcing import announce, retract
from strangler.move.attempts import Attempts
from strangler.move.copying import Copier
from strangler.move.dialects.base import Load
from strangler.move.drift import refuse_drift
from strangler.move.fence import Fence
from strangler.move.following import ENTRIES, Follower
from strangler.move.laying import lay, table_pairs
from strangler.move.positions import Positions
from strangler.move.progress import Speedometer, save
from strangler.move.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Dialect
    from strangler.move.models import MoveRecord
    from strangler.move.tables import TablePair

BEAT = timedelta(seconds=1)
REST = timedelta(milliseconds=100)  # when there is nothing to follow, or an operator paused
CONFLICTS = 10  # in a row at one position, each after following, until they are taken for real
TURN = timedelta(seconds=1)  # of following, before the next look at the record


@dataclass(slots=True, kw_only=True)
class Runner:
    """The one process that works on a move.

    Args:
        record: the move.
        pair: both ends, opened.
        actor: who, for the audit.
        lease: without a sign of life for so long, another process may take over.
        replicas: of the source; a throttle may wait for them.
        on_progress: is told about once a second; the record has the figures.
        stop: set it to end after the chunk at hand.
    """

    record: MoveRecord
    pair: Pair
    actor: str
    lease: timedelta = records.LEASE
    replicas: tuple[Dialect, ...] = ()
    on_progress: Callable[[MoveRecord], None] = lambda _record: None
    stop: threading.Event = field(default_factory=threading.Event)
    positions: Positions = field(init=False)
    tables: list[TablePair] = field(default_factory=list, init=False)
    _attempts: Attempts = field(init=False)
    _throttle: Throttle = field(init=False)
    _speed: Speedometer = field(default_factory=Speedometer, init=False)
    _copiers: dict[int, Copier] = field(default_factory=dict, init=False)
    _conflicts: int = field(default=0, init=False)
    _beat_at: float = field(default=0.0, init=False)

    def run(self, *, until: MoveStage | None = None) -> None:
        """Work until `stop`, or until the move is at *until* and no change waits.

        Raises:
            MoveBusyError: another process has the move.
            MovePausedError: going on could do harm; the record says why, `resume` lets the next run go on.
        """
        with self.holding():
            self._loop(until)
            if self.record.at is not MoveStage.CREATED:
                self._attempts.run(self._show)

    def _loop(self, until: MoveStage | None) -> None:
        while not self.stop.is_set():
            self._beat()
            if self.record.is_paused:
                self.stop.wait(REST.total_seconds())
            elif self._turn() == 0 and self.record.at is until:
                return

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold the move: lease, positions, shapes of the tables. Puts down why it paused, if it does."""
        self._attempts = Attempts(pair=self.pair, service=self.record.service)
        token = records.acquire(self.record, lease=self.lease)
        try:
            if self.pair.is_backward is not (self.record.at is MoveStage.SWITCHED):
                raise MoveBusyError(self.record.service, holder="a switch, just now")
            self.positions = Positions(
                target=self.pair.target, move=self.record.pk, token=token, service=self.record.service
            )
            self._throttle = Throttle(
                limits=lambda: records.limits(self.record), measure=self._measure, idle=self._idle
            )
            self.tables = self._attempts.run(lambda: table_pairs(self.record, pair=self.pair))
            self._attempts.run(lambda: self.positions.claim([table.number for table in self.tables]))
            yield
        except MovePausedError as error:
            records.pause(
                self.record, name=error.name, reason=f"{error.reason} {error.action}", actor=self.actor
            )
            raise
        finally:
            records.release(self.record, token=token)

    def followers(self) -> list[Follower]:
        """Return one follower for each table; while the move is held."""
        return [
            Follower(pair=self.pair, positions=self.positions, table=table, move=self.record.pk)
            for table in self.tables
        ]

    def _turn(self) -> int:
        """Do a burst or about a second of following and return how many changes or chunks there were, 0 for nothing to do."""
        try:
            return self._attempts.run(self._work)
        except (IntegrityError, DataError) as error:
            return self._conflict(error)
        except DatabaseError:
            refuse_drift(self.record, tables=self.tables, source=self.pair.source)
            raise

    def _work(self) -> int:
        if self.record.at is MoveStage.CREATED:
            self._lay()
            return 1
        if self.record.at is MoveStage.COPYING:
            return self._copy()
        return self._follow()

    def _lay(self) -> None:
        """Make changelogs and triggers, with requests able to begin anew. See Note [Victims] in `isolation.meeting`.

        Waits until every process knows that only where writers have something to fear from it.
        """
        fence = Fence(dialect=self.pair.source, move=self.record.pk, service=self.record.service)
        fence.lay()
        announce(self.record, is_waiting=not fence.is_hasty)
        if not lay(self.record, tables=self.tables, pair=self.pair):
            return  # a long transaction delays the move and not the site
        records.change_stage(self.record, MoveStage.COPYING, actor=self.actor)
        retract(self.record)

    def _copy(self) -> int:
        """Copy a burst, follow what changed meanwhile, and see whether all is copied."""
        unfinished = [table for table in self.tables if not self.positions.read(table.number).is_complete]
        if unfinished:
            self._throttle.wait_for_calm()
            self._copier(unfinished[0]).burst()
            self._conflicts = 0
            self._follow()
        else:
            refuse_drift(self.record, tables=self.tables, source=self.pair.source)
            records.change_stage(self.record, MoveStage.FOLLOWING, actor=self.actor)
        return 1

    def _copier(self, table: TablePair) -> Copier:
        if table.number not in self._copiers:
            self._copiers[table.number] = Copier(
                pair=self.pair, positions=self.positions, table=table, throttle=self._copied
            )
        return self._copiers[table.number]

    def _copied(self, rows: int) -> None:
        self._speed.add(rows)
        self._throttle.slow_down(rows)

    def _follow(self) -> int:
        """Follow all tables for about a second at most; return how many changes there were."""
        until = time.monotonic() + TURN.total_seconds()
        total = 0
        for follower in self.followers():
            while count := follower.step():
                total += count
                self._speed.add(count)
                if count < ENTRIES or time.monotonic() > until:
                    break
        if not total:
            self.stop.wait(0 if self.record.at is MoveStage.COPYING else REST.total_seconds())
        return total

    def _conflict(self, error: DatabaseError) -> int:
        """Follow and try again: the row that stands in the way may have changed on the source meanwhile."""
        self._conflicts += 1
        if self._conflicts > CONFLICTS:
            raise MovePausedError(
                self.record.service,
                name="row-refused",
                reason=f"The target takes a row not as it is: {error}.",
                action="Change that row or the target's table.",
            ) from error
        self._attempts.run(self._follow)
        return 1

    def _beat(self) -> None:
        """Once a second: hold the lease, read what operators want, look at the source's columns, show figures."""
        if time.monotonic() < self._beat_at:
            return
        self._beat_at = time.monotonic() + BEAT.total_seconds()
        records.renew(self.record, token=self.positions.token, lease=self.lease)
        if self.record.is_paused:
            return
        if self.record.at is not MoveStage.CREATED:
            refuse_drift(self.record, tables=self.tables, source=self.pair.source)
            self._attempts.run(self._show)

    def _show(self) -> None:
        logs = [follower.log for follower in self.followers()]
        waiting = [self.pair.source.backlog(log) for log in logs]
        save(
            self.record,
            positions={table.number: self.positions.read(table.number) for table in self.tables},
            entries=sum(count for count, _ in waiting),
            age=timedelta(seconds=max((age for _, age in waiting), default=0.0)),
            speed=self._speed.read(),
        )
        self.on_progress(self.record)

    def _measure(self) -> Load:
        """Return how busy the source is, and the lag of its slowest replica."""
        loads = [self.pair.source.measure(), *(replica.measure() for replica in self.replicas)]
        lags = [load.replica_lag for load in loads if load.replica_lag is not None]
        return Load(running_threads=loads[0].running_threads, replica_lag=max(lags, default=None))

    def _idle(self, _reason: str) -> None:
        """Stay the holder while the throttle waits, and meet new limits."""
        if not self.stop.is_set():
            self._beat_at = 0.0
            records.renew(self.record, token=self.positions.token, lease=self.lease)
