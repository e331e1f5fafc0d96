"""The fence of a move as the service's own work meets it: while it is raised, the moving tables are the monolith's.

A service knows no rollouts and no moves, only the row of the fence in its own database. That is enough: the fence is up whenever
the service is not the owner. Tasks of calls and requests are looked after from their beginning to their end: the fence is asked before the first
statement that names a moving table, and in the end of work that had one; work on other tables passes. Where no move has ever
been armed, that costs nothing but a look for the table of fences every few seconds.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import Error as DatabaseError
from django.db import connections

from strangler import fences
from strangler.commits import Commits
from strangler.conf import config
from strangler.errors import FenceRaised
from strangler.labels import tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from strangler.core.seams import Call

Result = TypeVar("Result")

LOOK_EVERY = timedelta(seconds=5)  # for the table of fences, where there was none
PATIENCE = timedelta(
    seconds=1
)  # with a fence that was just raised: a reverse may give up, a switch is about to lower it
BETWEEN_LOOKS = timedelta(milliseconds=50)

_missing_until: dict[str, float] = {}
_raised_since: dict[str, float] = {}


def find_call(task: str) -> Call | None:
    """Return the call of this service that has *task* among its names; None in the monolith and for other tasks."""
    mine = config().service
    return next(
        (call for call in config().topology.calls if call.service == mine and task in call.tasks), None
    )


def is_raised(using: str = "default") -> bool:
    """Whether a fence is up in database *using*: the tables of a move are not this service's now. Keeps no lock."""
    if not _has_fences(using):
        return False
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT MAX(is_raised) FROM {fences.FENCES}")  # noqa: S608 - the name is a constant
        return bool(cursor.fetchone()[0])


def wait_for_lowering(using: str = "default") -> None:
    """Wait while a fence is up that was raised a moment ago, `PATIENCE` at most; outside of a transaction."""
    while is_raised(using):
        since = _raised_since.setdefault(using, time.monotonic())
        if time.monotonic() - since > PATIENCE.total_seconds():
            return  # nor will those who come next wait
        time.sleep(BETWEEN_LOOKS.total_seconds())
    _raised_since.pop(using, None)


def behind_fence(work: Callable[[], Result], *, using: str = "default") -> Result:
    """Do *work*, unless the moving tables that it names are the monolith's when it asks for them, or by the time that it ends.

    Within a transaction of *using* the tables stay the service's from its end until that has committed.
    Raises:
        FenceRaised: they are the monolith's. Nothing of the work was committed, unless it says `has_committed`.
    """
    with watching(using, is_refused=True) as seen:
        try:
            result = work()
            seen.look_behind()
        except FenceRaised as met:
            met.has_committed = seen.has_committed
            raise
    return result


@dataclass(slots=True)
class Seen(Commits):
    """What a piece of work did so far.

    Args:
        using: the database with the fence.
        is_refused: a fence that is up already ends it before its first statement that names a moving table.
        has_asked: it had such a statement.
    """

    using: str = "default"
    is_refused: bool = False
    has_asked: bool = False

    def ask(self, sql: str, tables: Sequence[str]) -> None:
        """Take note of a statement before it is executed; raises FenceRaised if it is refused."""
        if not self.has_asked and any(table in sql for table in tables):
            self.has_asked = True
            if self.is_refused and is_raised(self.using):
                raise _met()

    def look_behind(self) -> None:
        """Ask the fence in the end, where it can matter; raises FenceRaised if it is up."""
        if self.has_asked and not self.has_committed:
            _refuse_raised(self.using)


@contextmanager
def watching(using: str, *, is_refused: bool = False) -> Iterator[Seen]:
    """Turn the fence's error into `FenceRaised` within the block, and note what is asked and committed; see `Seen`."""
    seen = Seen(using=using, is_refused=is_refused)
    tables = moving_tables()  # asks no database: a page that needs none must not fail without one

    def watch(
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - as Django calls it
        context: Mapping[str, Any],
    ) -> Any:
        seen.ask(sql, tables)
        try:
            result = execute(sql, params, many, context)
        except DatabaseError as error:
            met = fences.recognise(error)
            if met is None:
                raise
            raise met from error
        if not fences.is_read(sql):
            seen.note_write(context["connection"])
            if context["cursor"].rowcount == 0 and any(table in sql for table in tables):
                _refuse_raised(
                    using
                )  # no trigger saw it, see Note [Nothing to refuse] in `strangler.isolation.meeting`
        return result

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(watch))
        yield seen


def moving_tables() -> tuple[str, ...]:
    """Return the service's tables that move: those that its move names, else those of the models that it owns."""
    service = config().topology.services.get(config().service)
    if service is None:
        return ()
    return tuple(service.move_tables.values()) or tuple(chain.from_iterable(map(tables_of, service.owns)))


def _refuse_raised(using: str) -> None:
    connection = connections[using]
    is_up = _is_locked_raised(using) if connection.in_atomic_block else is_raised(using)
    if is_up:
        raise _met()


def _met() -> FenceRaised:
    return FenceRaised(config().service, table=next(iter(moving_tables()), "of the move"))


def forget() -> None:
    """Look anew whether there are fences; for tests, whose databases come and go."""
    _missing_until.clear()
    _raised_since.clear()


def _is_locked_raised(using: str) -> bool:
    """Read the fences with the lock that triggers take: nobody can raise one until the transaction ends."""
    if not _has_fences(using):
        return False
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT move_id FROM {fences.FENCES}")  # noqa: S608 - the name is a constant
        moves = [row[0] for row in cursor.fetchall()]
    found = [fences.is_raised(connection, move) for move in moves]  # each of them, for the locks
    return any(found)


def _has_fences(using: str) -> bool:
    """Whether a move was ever armed in database *using*; once true, it stays so."""
    until = _missing_until.get(using, 0.0)
    if until < 0:
        return True
    if time.monotonic() < until:
        return False
    connection = connections[using]
    with connection.cursor() as cursor:
        is_there = fences.FENCES in connection.introspection.table_names(cursor)
    _missing_until[using] = -1.0 if is_there else time.monotonic() + LOOK_EVERY.total_seconds()
    return is_there
