"""Compare the tables of a move on both sides, down to the row and the column.

Both sides are asked at the same time, each over a connection and in a thread of its own. The first pass gets the sums of
every bucket of rows; the second the digests of the rows in buckets whose sums differ; the third the values of
the rows whose digests differ.

Note [Rows on their way]: while a follower is at work a row may differ because it is on its way. Such rows are read again after
`settle` said that what was under way has arrived. A difference is real when it is the same at several looks in a row; one that is
another at each look is a row that changes all the time. Those that never hold still are counted as `moving`, and the switch, which
compares all rows that changed since the verification began, compares them behind the fence.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from django.db import connections
from django.utils import timezone

from strangler.conf import config
from strangler.move.checksums import Partition, Side, Sums, find_accepted, find_losses, pair_columns
from strangler.move.checksums.introspection import read_table
from strangler.move.checksums.pairs import JSON_KEY_ORDER, Pair, Remark
from strangler.move.checksums.reading import DIALECTS, has_number_key
from strangler.move.databases import source_connection, target_connection
from strangler.move.differences import find_difference
from strangler.move.models import VerifyResult
from strangler.move.report import Report, RowDifference, TableReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.move.checksums.columns import Table
    from strangler.move.checksums.reading import Bucket, Key, Values
    from strangler.move.models import MoveRecord

    Opener = Callable[[], BaseDatabaseWrapper]

ROWS_PER_BUCKET = 64
MOST_BUCKETS = 65_536
ROWS_AT_A_TIME = 100_000
LIMIT = 100_000
LOOKS = 3  # at which a difference has to be the same
MOST_LOOKS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the first pass over a table is: rows read on both sides together, of about how many."""

    table: str
    rows: int
    total: int


def _ignore(_: object = None) -> None:
    """Take note of nothing."""


def verify(
    source: str | Opener,
    target: str | Opener,
    tables: Mapping[str, str],
    *,
    settle: Callable[[], None] | None = None,
    progress: Callable[[Progress], None] = _ignore,
    limit: int = LIMIT,
) -> Report:
    """Compare *tables* of two databases and name every row and column that differs.

    It writes nothing, and repeating it is harmless. It sees the rows as they are when it reads them: differences that
    `settle` does not clear away are real.
    Args:
        source, target: database aliases, or functions that open a connection; each is opened and closed here.
        tables: table of the source → table of the target.
        settle: returns when every write known so far has arrived; called before rows are looked at again.
        progress: told after every page, from two threads.
        limit: most differences to name per table.
    Returns: a Report; `is_equal` is what a switch waits for.
    Raises:
        VerificationError: a table or column is missing, or a table has no primary key.
    """
    began_at = timezone.now()
    with ExitStack() as stack:
        both = stack.enter_context(_Both(_opener(source), _opener(target)))
        found = tuple(
            _Comparison(both=both, names=names, settle=settle, progress=progress, limit=limit).run()
            for names in tables.items()
        )
    return Report(tables=found, began_at=began_at, ended_at=timezone.now())


def verify_move(
    move: MoveRecord,
    *,
    settle: Callable[[], None] | None = None,
    progress: Callable[[Progress], None] = _ignore,
) -> tuple[VerifyResult, Report]:
    """Compare all tables of *move*, and keep the result for the switch.

    Raises: as `verify`; nothing is kept then.
    """
    pairs = move.tables.using(config().database).values_list("source_table", "target_table")
    report = verify(
        source_connection,
        lambda: target_connection(move.service),
        dict(pairs),
        settle=settle,
        progress=progress,
    )
    return VerifyResult.store(report, move_id=move.pk), report


def _opener(database: str | Opener) -> Opener:
    if not isinstance(database, str):
        return database
    original = connections[database]
    return lambda: original.copy(alias=original.alias)


class _Both:
    """The two databases, each with a connection of its own that lives in a thread of its own."""

    def __init__(self, *openers: Opener) -> None:
        self._openers = openers
        self._threads = [ThreadPoolExecutor(1, thread_name_prefix="strangler-verify") for _ in openers]
        self._connections: Sequence[BaseDatabaseWrapper] = ()

    def __enter__(self) -> Self:
        self._connections = self.ask(lambda opener: opener(), *self._openers)
        self.ask(lambda each: DIALECTS[each.vendor].open(each), *self._connections)
        return self

    def __exit__(self, *_: object) -> None:
        self.ask(lambda each: each.close(), *self._connections)
        for thread in self._threads:
            thread.shutdown()

    def ask(self, what: Callable[[Any], Any], *arguments: Any) -> tuple[Any, Any]:
        """Do *what* at the same time in both threads, each with its argument.

        SQLite works within Python, where two threads would only take turns at its lock: there one follows the other.
        """
        one = self._threads[0].submit(what, arguments[0])
        if all(connection.vendor == "sqlite" for connection in self._connections):
            wait([one])
        other = self._threads[1].submit(what, arguments[1])
        return one.result(), other.result()

    def tables(self, names: tuple[str, str]) -> tuple[Table, Table]:
        """Return what both tables are."""
        return self.ask(lambda each: read_table(*each), *zip(self._connections, names, strict=True))

    def sides(
        self, tables: tuple[Table, Table], pairs: Sequence[Pair], keys: Sequence[Pair]
    ) -> Sequence[Side]:
        """Return a reader for each side."""
        columns = ([pair.source for pair in pairs], [pair.target for pair in pairs])
        return [
            Side(connection, table=table, columns=chosen, pairs=pairs, keys=keys)
            for connection, table, chosen in zip(self._connections, tables, columns, strict=True)
        ]

    @property
    def is_one_engine(self) -> bool:
        """Whether both sides spell their values the same way."""
        return len({connection.vendor for connection in self._connections}) == 1


@dataclass(slots=True, kw_only=True)
class _Comparison:
    """The passes over one table."""

    both: _Both
    names: tuple[str, str]
    settle: Callable[[], None] | None
    progress: Callable[[Progress], None]
    limit: int
    pairs: tuple[Pair, ...] = ()
    accepted: set[Remark] = field(default_factory=set)
    accepted_rows: int = 0
    moving: int = 0

    def run(self) -> TableReport:
        """Do all passes and say what they found."""
        tables = self.both.tables(self.names)
        self.pairs = pair_columns(*tables, is_one_engine=self.both.is_one_engine)
        keys = [pair for name in tables[0].key for pair in self.pairs if pair.name == name]
        sides = self.both.sides(tables, self.pairs, keys)
        counts = self.both.ask(Side.count, *sides)
        partition = _choose_partition(self.both, sides, keys, rows=max(counts))
        sums = self._sums(sides, partition, total=sum(counts))
        found = self._differences(sides, partition, _differing(*sums))
        return self._report([sum(each.rows for each in side.values()) for side in sums], found)

    def _report(self, counts: Sequence[int], found: Sequence[RowDifference]) -> TableReport:
        remarks = {remark for pair in self.pairs for remark in find_accepted(pair)} | self.accepted
        return TableReport(
            table=self.names[0],
            target_table=self.names[1],
            source_rows=counts[0],
            target_rows=counts[1],
            differences=tuple(found[: self.limit]),
            is_complete=len(found) <= self.limit,
            losses=tuple(remark for pair in self.pairs for remark in find_losses(pair)),
            accepted=tuple(sorted(remarks, key=str)),
            accepted_rows=self.accepted_rows,
            moving=self.moving,
        )

    def _sums(
        self, sides: Sequence[Side], partition: Partition, *, total: int
    ) -> Sequence[Mapping[Bucket, Sums]]:
        lock = threading.Lock()
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            with lock:
                done += count
                self.progress(Progress(table=self.names[0], rows=done, total=total))

        return self.both.ask(lambda side: side.sums(partition, progress=tell), *sides)

    def _differences(
        self, sides: Sequence[Side], partition: Partition, batches: Iterator[Sequence[Bucket]]
    ) -> list[RowDifference]:
        found: list[RowDifference] = []
        for buckets in batches:
            one, other = self.both.ask(lambda side: side.digests(partition, buckets), *sides)  # noqa: B023
            found += self._look(sides, [key for key in {**one, **other} if one.get(key) != other.get(key)])
            if len(found) > self.limit:
                break
        return found

    def _look(self, sides: Sequence[Side], keys: Sequence[Key]) -> list[RowDifference]:
        """Read the rows of *keys*, and return those that differ. See Note [Rows on their way]."""
        found = self._compare(sides, keys)
        if self.settle is None:
            return found
        seen = {each.key: (each, 1) for each in found}
        proved: list[RowDifference] = []
        for _ in range(MOST_LOOKS):
            if not seen:
                break
            self.settle()
            looked = self._compare(sides, list(seen))
            seen = {each.key: (each, _times(each, seen[each.key])) for each in looked}
            proved += [each for each, times in seen.values() if times == LOOKS]
            seen = {key: (each, times) for key, (each, times) in seen.items() if times < LOOKS}
        self.moving += len(seen)
        return proved

    def _compare(self, sides: Sequence[Side], keys: Sequence[Key]) -> list[RowDifference]:
        one, other = self.both.ask(lambda side: side.rows(keys), *sides)
        found = (self._difference(key, one.get(key), other.get(key)) for key in keys)
        return [difference for difference in found if difference]

    def _difference(self, key: Key, source: Values | None, target: Values | None) -> RowDifference | None:
        found, accepted = find_difference(key, source, target, table=self.names[0], pairs=self.pairs)
        self.accepted_rows += bool(accepted)
        self.accepted |= {Remark(column=pair.name, what=JSON_KEY_ORDER) for pair in accepted}
        return found


def _times(difference: RowDifference, before: tuple[RowDifference, int]) -> int:
    """Return how often in a row the same difference was seen."""
    return before[1] + 1 if difference == before[0] else 1


def _differing(one: Mapping[Bucket, Sums], other: Mapping[Bucket, Sums]) -> Iterator[Sequence[Bucket]]:
    """Yield the buckets that differ, as many at a time as have about `ROWS_AT_A_TIME` rows."""
    buckets: list[Bucket] = []
    rows = 0
    for bucket in {**one, **other}:
        sums = (one.get(bucket, Sums()), other.get(bucket, Sums()))
        if sums[0] == sums[1]:
            continue
        buckets.append(bucket)
        rows += max(sums[0].rows, sums[1].rows)
        if rows >= ROWS_AT_A_TIME:
            yield buckets
            buckets, rows = [], 0
    if buckets:
        yield buckets


def _choose_partition(both: _Both, sides: Sequence[Side], keys: Sequence[Pair], *, rows: int) -> Partition:
    """Return buckets of about `ROWS_PER_BUCKET` rows, and not more than `MOST_BUCKETS`. See Note [Buckets]."""
    buckets = min(MOST_BUCKETS, max(1, rows // ROWS_PER_BUCKET))
    if has_number_key(keys):
        return Partition(width=max(1, -(-max(both.ask(Side.span, *sides)) // buckets)))
    return Partition(digits=max(1, math.ceil(math.log(buckets, 16))))
