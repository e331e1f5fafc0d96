"""Statements, on every connection of the process.

Note [Final when committed]: a row counts when its transaction commits. The hook says so by `on_commit`, which Django forgets by itself
when a transaction or a savepoint is rolled back.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from strangler.effects import at_hand
from strangler.effects.statements import Statement, is_writing
from strangler.wrapping import wrap_connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper


def install() -> None:
    """Watch the connections that this thread has, and every one that is made from now on."""
    wrap_connections(lambda _: _watch, name="strangler.effects")


def _watch(
    execute: Callable[..., Any],
    sql: Any,
    params: Any,
    many: bool,  # noqa: FBT001 - Django calls it so
    context: dict[str, Any],
) -> Any:
    keeper, recorder = at_hand.keeper.get(), at_hand.recorder.get()
    if keeper is None:
        result = execute(sql, params, many, context)
    else:
        run = partial(execute, sql, params, many, context)
        result = keeper.execute(run, str(sql), context["connection"])
    if recorder is not None and is_writing(str(sql)):
        connection = context["connection"]
        count = getattr(context["cursor"], "rowcount", -1)
        taken = list(params or ()) if many else params
        noted = recorder.statement(Statement(connection.vendor, str(sql), taken, is_many=many, count=count))
        _settle(partial(setattr, noted, "is_final", True), connection)
    return result


def _settle(finish: Callable[[], None], connection: BaseDatabaseWrapper) -> None:
    """Call *finish* when what was written can't be rolled back any more."""
    if connection.in_atomic_block:
        connection.on_commit(finish)
    else:
        finish()
