"""What switch and reverse have in common: the way in to the fence, draining behind it, and trying again.

announce   (switch) processes know that owners may change     writers go on
arm        (switch) fences and changelogs on both sides       writers go on
claim      (reverse) no follower but this one can write       writers go on
number     counters of the next owner go ahead                writers go on
catch-up   followed, and compared, until little is left       writers go on
lock       the fence, exclusively                             writers wait
drain      the rest of the changelog                          writers wait
check-tail nothing is left, and what changed is the same      writers wait
close      (reverse) the service's fence goes up              writers wait
flip       owner, stage and audit, in one commit              writers meet the fence and follow the owner
open       (switch) the service's fence goes down             writers go on, with the new owner
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from strangler.errors import MoveError
from strangler.isolation import snapshot
from strangler.isolation.ownership import assign
from strangler.move import records
from strangler.move.announcing import labels
from strangler.move.catching_up import CatchingUp
from strangler.move.databases import Pair, dialect_of, open_pair, source_connection
from strangler.move.dialects.base import Kind, Statement
from strangler.move.dialects.sqlite import OpenSQLiteDialect
from strangler.move.fence import Fence
from strangler.move.following import Follower
from strangler.move.laying import table_pairs
from strangler.move.notes import Notes
from strangler.move.numbers import Numbering
from strangler.move.opening import target_fence
from strangler.move.positions import Positions
from strangler.move.proving import proving
from strangler.move.steps import LEASE
from strangler.rollout import change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from strangler.core.stages import RolloutStage
    from strangler.move.dialects.base import Dialect, TableShape
    from strangler.move.models import MoveRecord
    from strangler.move.proving import Prover
    from strangler.move.steps import Steps
    from strangler.move.tables import TablePair

BUDGET = timedelta(seconds=1)
LOCK_SHARE = 0.6  # of the budget may go by until the fence is locked
TRIES = (
    50  # as the victim of deadlocks, each a moment long; see Note [The switch is the victim] in `fence_sql`
)
BETWEEN_TRIES = timedelta(milliseconds=10)


@dataclass(slots=True, kw_only=True)
class Turn:
    """One try to give the tables of a move to their next owner.

    Args:
        record: the move.
        steps: are written down.
        pair: from the owner to the next one.
        token: of the lease.
        ours, theirs: the fences of the monolith's and of the service's database.
        prover: compares what was followed since the verification.
        tables: as they are.
    """

    record: MoveRecord
    steps: Steps
    pair: Pair
    token: int
    ours: Fence
    theirs: Fence
    prover: Prover
    tables: list[TablePair]

    def arm(self) -> None:
        """Make fences, changelogs and positions on both sides for a switch; the service's fence first, and raised."""
        self.theirs.arm({table.number: table.target.name for table in self.tables}, is_raised=True)
        for table in self.tables:
            ddl = self.theirs.dialect.follow_ddl(table.target, move=self.record.pk, number=table.number)
            self.theirs.run_hastily(ddl)
        self._complete(self.ours.dialect)
        self.ours.arm({table.number: table.source.name for table in self.tables}, is_raised=False)

    def _complete(self, dialect: Dialect) -> None:
        """Put down on the monolith's side that nothing needs to be copied to it."""
        positions = self._positions(dialect)
        numbers = [table.number for table in self.tables]
        positions.claim(numbers)
        for number in numbers:
            positions.completed(number)

    def claim(self) -> None:
        """Take the target's positions, so that no follower but this one can write."""
        self._positions(self.pair.target).claim([table.number for table in self.tables])

    def number(self) -> None:
        """Prepare the counters of the next owner."""
        self._numbering(self.pair).prepare()

    def catch_up(self) -> None:
        """Follow and compare while writers go on. See Note [Little enough] in `catching_up`.

        Raises:
            MoveError: writers are faster.
        """
        CatchingUp(
            service=self.record.service,
            budget=self.steps.budget,
            pair=self.pair,
            followers=self._followers(self.pair),
            prover=self.prover,
            beat=self.steps.renew,
        ).run()

    def drain(self, behind: Pair) -> int:
        """Follow all that is left; nobody adds to it."""
        return sum(follower.drain() for follower in self._followers(behind))

    def check_tail(self, behind: Pair) -> None:
        """Make sure that nothing is left and both ends are the same, and that the next owner counts on from there.

        Compared are the rows that changed since the verification, which proved the others, and the last keys.

        Raises:
            MoveError: they do not; roll back, and verify again.
        """
        for follower in self._followers(behind):
            waiting, _ = behind.source.backlog(follower.log)
            ends = [_last(*end, follower.table) for end in ((behind.source, 0), (behind.target, 1))]
            if waiting or ends[0] != ends[1]:
                reason = f"{follower.table.source.name}: {waiting} changes wait, last keys are {ends}. Verify again."
                raise MoveError(reason, move=self.record.service)
            log = behind.target.quote(behind.target.changelog(self.record.pk, follower.table.number))
            behind.target.execute(Statement(sql=f"DELETE FROM {log}"))  # noqa: S608 - echoes of our own writes
        self._prove(behind)
        self._numbering(behind).settle()

    def _prove(self, behind: Pair) -> None:
        if behind is self.pair:
            self.prover.prove()
            return
        record = self.record
        with proving(behind, tables=self.tables, move=record.pk, service=record.service) as prover:
            prover.prove()

    def flip(self, owner: str, *, seams: Sequence[str], stage: RolloutStage) -> None:
        """Give the tables to *owner* and bring *seams* to *stage*, in the transaction at hand."""
        assign(labels(self.record), owner=owner)
        for seam in seams:
            change(seam, stage=stage, actor=self.steps.actor, reason=f"move {self.steps.verb}")

    def _followers(self, pair: Pair) -> list[Follower]:
        positions = self._positions(pair.target)
        return [
            Follower(pair=pair, positions=positions, table=table, move=self.record.pk)
            for table in self.tables
        ]

    def _positions(self, target: Dialect) -> Positions:
        return Positions(target=target, move=self.record.pk, token=self.token, service=self.record.service)

    def _numbering(self, pair: Pair) -> Numbering:
        if isinstance(pair.target, OpenSQLiteDialect):
            return Numbering(pair=pair, tables=self.tables, run=lambda sql: _run(pair.target, sql))
        fence = self.ours if pair.is_backward else self.theirs
        return Numbering(pair=pair, tables=self.tables, run=fence.run_hastily)


@contextmanager
def turning(steps: Steps, *, is_backward: bool) -> Iterator[Turn]:
    """Hold the move and open all that a turn needs; the lease is taken from whoever follows, who may go on after."""
    record = steps.record
    token = steps.token = records.acquire(record, lease=LEASE, is_forced=True)
    ours = dialect_of(source_connection())
    try:
        ours.open_source()
        with target_fence(record) as theirs, open_pair(record.service, is_backward=is_backward) as pair:
            tables = table_pairs(record, pair=pair)
            _begin_notes(record, pair=pair)
            with proving(pair, tables=tables, move=record.pk, service=record.service) as prover:
                yield Turn(
                    record=record,
                    steps=steps,
                    pair=pair,
                    token=token,
                    ours=Fence(dialect=ours, move=record.pk, service=record.service),
                    theirs=theirs,
                    prover=prover,
                    tables=tables,
                )
    finally:
        ours.connection.close()
        records.release(record, token=token)
        snapshot.refresh()


def _begin_notes(record: MoveRecord, *, pair: Pair) -> None:
    """Before a switch the verification has begun them; a reverse proves what it follows itself."""
    notes = Notes(target=pair.target, move=record.pk)
    notes.prepare()
    if pair.is_backward and not notes.beginning():
        notes.begin()


def within(steps: Steps) -> timedelta:
    """Return how long one may wait for a fence."""
    return steps.budget * LOCK_SHARE


def try_until_granted(steps: Steps, work: Callable[[], int]) -> tuple[int, int]:
    """Do *work*, again when it was a deadlock's victim; return what it returned, and how many tries it took.

    Raises:
        PauseBudgetError: the fence was not granted in time, or a server ended the pause; all was rolled back.
    """
    for tries in range(1, TRIES + 1):
        started = time.monotonic()
        try:
            return work(), tries
        except DatabaseError as error:
            steps.unpause()
            is_quick = time.monotonic() - started < within(steps).total_seconds() * 0.9
            if not is_quick or tries == TRIES:
                raise steps.too_long("lock") from error
        time.sleep(BETWEEN_TRIES.total_seconds())
    raise steps.too_long("lock")


def _run(dialect: Dialect, statements: list[str]) -> None:
    for sql in statements:
        dialect.execute(Statement(sql=sql))


def _last(dialect: Dialect, end: int, table: TablePair) -> object:
    """Return the greatest key of a table whose key is one number; None for others, where it could cost a scan."""
    shape: TableShape = (table.source, table.target)[end]
    if [column.kind for column in shape.key_columns] != [Kind.INTEGER]:
        return None
    sql = f"SELECT MAX({dialect.quote(shape.primary_key[0])}) FROM {dialect.quote(shape.name)}"  # noqa: S608
    return dialect.fetch(Statement(sql=sql))[0][0]
