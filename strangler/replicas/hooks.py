"""What every statement passes on the connections of a cluster: writes are noted, reads that a dead replica owes are done elsewhere.

Note [Done elsewhere]: a replica can die between the choice and the statement, or in it. The statement is a plain read
outside of a transaction, so it is done again by the next server that may be chosen, at last by the primary, on a cursor of
that one's connection inside of the cursor that the caller holds. The same for whatever else goes wrong on a replica only: a
table that is not there yet, PostgreSQL's conflict with recovery. What fails on the primary as well is the caller's.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import connections, transaction

from strangler.conf import config
from strangler.effects.statements import first_word
from strangler.replicas.choosing import breaker_of, choose, forget, primary_of
from strangler.replicas.freshness import current, is_in_transaction, wrote
from strangler.wrapping import wrap_connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.wrapping import Wrapper

_READING = frozenset({"SELECT", "SHOW", "EXPLAIN", "DESCRIBE"})
_NOT_WRITING = _READING | {"SET", "SAVEPOINT", "RELEASE", "ROLLBACK"}


def install() -> None:
    """Watch every connection of a cluster from now on, and those that this thread has already."""
    wrap_connections(_choose_hook, name="strangler.replicas")


def _choose_hook(connection: BaseDatabaseWrapper) -> Wrapper | None:
    if connection.alias in config().replicas:
        return _noting
    if primary_of(connection.alias):
        forget(connection.alias)
        return _rescuing
    return None


def _noting(
    execute: Callable[..., Any],
    sql: Any,
    params: Any,
    many: bool,  # noqa: FBT001 - Django calls it so
    context: dict[str, Any],
) -> Any:
    try:
        return execute(sql, params, many, context)
    finally:  # also after an error: a procedure may have done half of its work
        if first_word(str(sql)) not in _NOT_WRITING:
            _note(context["connection"])


def _note(connection: BaseDatabaseWrapper) -> None:
    """Note a write: now, and again when it is committed, since another thread of this work may ask in between."""
    wrote(using=connection.alias)
    if not connection.in_atomic_block or connection.needs_rollback:
        return
    waiting = connection.run_on_commit
    if not waiting or not isinstance(waiting[-1][1], _Committed):
        transaction.on_commit(_Committed(connection.alias), using=connection.alias)


class _Committed:
    """Notes that a transaction of *alias* was committed; a class, so that it is recognised when it waits already."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def __call__(self) -> None:
        wrote(using=self._alias)


def _rescuing(
    execute: Callable[..., Any],
    sql: Any,
    params: Any,
    many: bool,  # noqa: FBT001 - Django calls it so
    context: dict[str, Any],
) -> Any:
    """See Note [Done elsewhere]."""
    source: BaseDatabaseWrapper = context["connection"]
    losses: Counter[str] = Counter()
    while True:
        try:
            return execute(sql, params, many, context)
        except DatabaseError:
            if not _may_be_done_elsewhere(sql, source):
                raise
            source = _next_source(source, losses)
            context["cursor"].cursor = source.create_cursor()


def _may_be_done_elsewhere(sql: Any, source: BaseDatabaseWrapper) -> bool:
    is_replica = primary_of(source.alias) is not None
    return is_replica and not is_in_transaction(source) and first_word(str(sql)) in _READING


def _next_source(source: BaseDatabaseWrapper, losses: Counter[str]) -> BaseDatabaseWrapper:
    """Return a connection to the server that does what *source* could not.

    A lost connection is made anew once: behind the address there may be servers that live.
    """
    alias = source.alias
    is_lost = not source.is_usable()
    if is_lost:
        source.close()
        losses[alias] += 1
    if losses[alias] > 1:
        breaker_of(alias).failed()
    if not is_lost or losses[alias] > 1:
        current().left_out.add(alias)
    following = connections[choose(primary_of(alias) or alias)]
    following.ensure_connection()
    return following
