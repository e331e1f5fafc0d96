"""The fence of one move on one database: its check before each write, and the lock under which it is put up and down.

Note [Truth is on the source]: the source's row says who owns the tables: raised, and they are the service's. It changes in one
transaction with the record of the move, the ownership that routers follow and the audit. The fence of the target follows it:
it may be lowered only by somebody who has locked the source's row and read there that the service is the owner, and it
is raised before that row says otherwise. So both are never lowered; and if whoever switches dies in
between, anybody who meets the target's fence can do the last step, see `opening`.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections, transaction

from strangler.conf import config
from strangler.errors import MoveError
from strangler.move.databases import dialect_of
from strangler.move.dialects.base import Statement
from strangler.move.fence_sql import TABLE, fence_sql, row_missing
from strangler.move.models import MoveRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from strangler.move.dialects.base import Dialect

PATIENCE = timedelta(seconds=60)  # for a moment in which no transaction uses a table
BETWEEN_TRIES = timedelta(milliseconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The fence of one move on one database.

    Args:
        dialect: a connection to it that nothing else uses meanwhile.
        move: its id.
        service: that the tables go to.
    """

    dialect: Dialect
    move: int
    service: str

    def lay(self) -> None:
        """Make the table of fences, unless it is there."""
        self.dialect.execute(Statement(sql=fence_sql(self.dialect).table()))

    def arm(self, tables: Mapping[int, str], *, is_raised: bool) -> None:
        """Put the check before each write to *tables*; a row that is there already stays as it is. Idempotent.

        Never makes a writer wait for long: each trigger is made in a moment in which no transaction uses its table.
        Args:
            tables: number in the move → name.
        Raises:
            MoveError: no such moment came.
        """
        sql = fence_sql(self.dialect)
        self.lay()
        self.dialect.execute(row_missing(move=self.move, is_raised=is_raised))
        for number, table in tables.items():
            there = {trigger.name for trigger in self.dialect.introspect(table).triggers}
            wanted = sql.triggers(table, move=self.move, number=number, service=self.service)
            self.run_hastily([statement for name, statement in wanted.items() if name not in there])

    def disarm(self, tables: Mapping[int, str]) -> None:
        """Take checks and row away; idempotent."""
        sql = fence_sql(self.dialect)
        drops = [sql.no_triggers(table, move=self.move, number=number) for number, table in tables.items()]
        self.run_hastily([statement for some in drops for statement in some])
        self.lay()
        self.dialect.execute(Statement(sql=f"DELETE FROM {TABLE} WHERE move_id = {int(self.move)}"))  # noqa: S608

    def is_armed(self) -> bool:
        """Whether `arm` was here, for any move."""
        try:
            self.dialect.introspect(TABLE)
        except LookupError:
            return False
        return True

    def put(self, *, is_raised: bool) -> None:
        """Raise or lower it; within `locked`, or the transaction of `locked_record`."""
        sql = f"UPDATE {TABLE} SET is_raised = {int(is_raised)} WHERE move_id = {int(self.move)}"  # noqa: S608
        self.dialect.execute(Statement(sql=sql))

    def is_raised(self) -> bool:
        """Return whether it is raised, without waiting for whoever is changing it."""
        sql = f"SELECT is_raised FROM {TABLE} WHERE move_id = {int(self.move)}"  # noqa: S608
        rows = self.dialect.fetch(Statement(sql=sql))
        return bool(rows and rows[0][0])

    @contextmanager
    def locked(self, *, within: timedelta, limit: timedelta) -> Iterator[None]:
        """Lock it exclusively while the block runs, and commit what the block did to it.

        Args:
            within: how long to wait for writers in flight; those that begin meanwhile wait as long.
            limit: after so much silence of this process the server lets the writers go on.
        """
        sql = fence_sql(self.dialect)
        for statement in sql.patience(limit=limit):
            self.dialect.execute(Statement(sql=statement))
        with self.dialect.transaction():
            self.lock(within=within)
            yield

    def lock(self, *, within: timedelta) -> None:
        """Lock it in the transaction at hand, of which this must be the first statement."""
        for statement in fence_sql(self.dialect).lock(move=self.move, within=within):
            self.dialect.execute(Statement(sql=statement))

    @property
    def is_hasty(self) -> bool:
        """Whether `run_hastily` keeps no writer waiting. See Note [Haste] in `laying`."""
        return fence_sql(self.dialect).is_hasty

    def run_hastily(self, statements: list[str]) -> None:
        """Run DDL, each statement when no transaction uses its table; raises MoveError if no such moment comes."""
        if not self.try_hastily(statements, within=PATIENCE):
            message = f"transactions use its tables all the time; could not run all of: {statements[0][:60]}…"
            raise MoveError(message, move=self.service)

    def try_hastily(self, statements: list[str], *, within: timedelta) -> bool:
        """Run DDL that can be run again, as `run_hastily` does; return False if no moment came for one of them."""
        for statement in fence_sql(self.dialect).haste():
            self.dialect.execute(Statement(sql=statement))
        until = time.monotonic() + within.total_seconds()
        for statement in statements:
            while not self._could_run(statement):
                if time.monotonic() > until:
                    return False
                time.sleep(BETWEEN_TRIES.total_seconds())
        return True

    def _could_run(self, statement: str) -> bool:
        try:
            self.dialect.execute(Statement(sql=statement))
        except DatabaseError as error:
            if not self.dialect.is_retryable(error):
                raise
            return False
        return True


@contextmanager
def locked_record(move: int, *, service: str, within: timedelta, limit: timedelta) -> Iterator[Fence]:
    """Lock the source's fence on the connection of the ORM, so that what the block saves commits together with it.

    Args:
        move, service: whose fence.
        within, limit: as `Fence.locked` takes them.
    """
    using = config().database
    connection = connections[using]
    fence = Fence(dialect=dialect_of(connection), move=move, service=service)
    try:
        for statement in fence_sql(fence.dialect).patience(limit=limit):
            fence.dialect.execute(Statement(sql=statement))
        with transaction.atomic(using=using):
            fence.lock(within=within)
            # Before the audit shares the record's row: whoever wanted the lease then would be a deadlock's victim.
            MoveRecord.objects.using(using).select_for_update().get(pk=move)
            yield fence
    finally:
        if not connection.in_atomic_block:
            connection.close()  # and with it the session's short patience
