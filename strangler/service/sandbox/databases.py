"""All databases of the process in one block that is rolled back, whatever happens in it.

Note [As without a sandbox]: code that runs in no transaction must behave as it does outside, although it is in ours. Its own
outermost block is a savepoint that runs the hooks of its commit at its end; without a block, hooks run at once and a statement
that fails takes nothing else with it. `hooks` sees to the blocks, `Databases.execute` to the statements.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import connections, transaction

from strangler.effects.statements import is_writing
from strangler.errors import SandboxBrokenError
from strangler.replicas.choosing import primary_of
from strangler.service.sandbox.refusing import refuse
from strangler.service.sandbox.statements import objection_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

MOST_HOOKS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A connection in the sandbox's block; *mark* is a savepoint that is gone if somebody committed."""

    connection: BaseDatabaseWrapper
    block: Any
    mark: str | None


class Databases:
    """The connections that the sandbox holds in a transaction."""

    def __init__(self) -> None:
        self._held: list[_Held] = []

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Open a transaction on every database, and roll all of them back at the end.

        Raises: SandboxBrokenError: somebody committed past Django, so that something may have stayed.
        """
        with ExitStack() as stack:
            for alias in connections:
                if (
                    primary_of(alias) is None
                ):  # a replica may be dead, and in a transaction nobody reads from it
                    self._hold(alias, stack)
            yield
            broken = [held.connection.alias for held in self._held if _is_committed(held)]
        if broken:
            raise SandboxBrokenError(broken)

    def holds(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether *connection* is one of those that are rolled back."""
        return any(connection is each.connection for each in self._held)

    def is_outermost(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether the code on *connection* is in no block of its own. See Note [As without a sandbox]."""
        blocks = connection.atomic_blocks
        return bool(blocks) and any(blocks[-1] is each.block for each in self._held)

    def execute(self, run: Callable[[], Any], sql: str, connection: BaseDatabaseWrapper) -> Any:
        """Execute *sql* by *run*; raises SandboxError for a statement whose effect would stay."""
        if objection := objection_to(sql):
            refuse(objection)
        is_change = is_writing(sql)
        if is_change and not self.holds(connection):
            refuse(f"database {connection.alias!r} was to be written over another connection")
        if not self.is_outermost(connection):
            return run()
        connection.needs_rollback = False
        # Only PostgreSQL gives up the whole transaction for one statement that fails.
        return _alone(run, connection) if is_change and connection.vendor == "postgresql" else run()

    def run_hooks(self) -> list[BaseException]:
        """Run what still waits for a commit, as if there had been one; returns what was raised."""
        raised: list[BaseException] = []
        for held in self._held:
            for _ in range(MOST_HOOKS):
                waiting, held.connection.run_on_commit = held.connection.run_on_commit, []
                if not waiting:
                    break
                raised += [error for each in waiting if (error := _failure_of(each)) is not None]
        return raised

    def _hold(self, alias: str, stack: ExitStack) -> None:
        connection = connections[alias]
        waiting, connection.run_on_commit = connection.run_on_commit, []
        stack.callback(setattr, connection, "run_on_commit", waiting)
        block: Any = transaction.atomic(using=alias)
        # As Django's TestCase does, so that `atomic(durable=True)` works inside.
        block._from_testcase = True  # noqa: SLF001
        stack.enter_context(block)
        stack.callback(_forget_everything, connection)
        self._held.append(_Held(connection=connection, block=block, mark=connection.savepoint()))


def _alone(run: Callable[[], Any], connection: BaseDatabaseWrapper) -> Any:
    mark: Any = connection.savepoint()
    try:
        result = run()
    except BaseException:
        connection.savepoint_rollback(mark)
        connection.savepoint_commit(mark)
        raise
    connection.savepoint_commit(mark)
    return result


def _failure_of(entry: Any) -> BaseException | None:
    try:
        entry[1]()  # savepoints, hook, whether it may fail
    except Exception as error:
        logger.exception("A hook that waited for the commit failed in the sandbox.")
        return error
    return None


def _is_committed(held: _Held) -> bool:
    """Whether the transaction that we opened is over. A driver's own `commit` and a procedure do that unseen."""
    connection = held.connection
    if held.mark is None or connection.closed_in_transaction or not connection.in_atomic_block:
        return False
    # A deadlock has MySQL roll back the whole transaction, which leaves nothing behind.
    may_be_undone = connection.vendor == "mysql" and connection.errors_occurred
    connection.set_rollback(False)
    try:
        with connection.cursor() as cursor:
            cursor.execute(connection.ops.savepoint_rollback_sql(held.mark))
    except DatabaseError:
        return not may_be_undone
    return False


def _forget_everything(connection: BaseDatabaseWrapper) -> None:
    connection.run_on_commit = []
    if connection.in_atomic_block:
        connection.set_rollback(True)
