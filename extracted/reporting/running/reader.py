"""Read from the database with a limit that the server enforces, and let another thread interrupt what is read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from extracted.reporting.errors import ReportingError

_SQLITE_STEPS = 10_000
_SQLITE_INTERRUPTED = 9
_MARIADB_TOO_LONG, _MYSQL_TOO_LONG, _MYSQL_INTERRUPTED = 1969, 3024, 1317
_MYSQL_MOMENTS = (12,)  # FIELD_TYPE.DATETIME
_MYSQL_AMOUNTS = (0, 246)  # FIELD_TYPE.DECIMAL, NEWDECIMAL
_POSTGRES_CANCELLED = "57014"


class StatementEndedError(ReportingError):
    """A statement was ended: it took longer than it may, or somebody interrupted it."""


@contextmanager
def limited(limit: timedelta, *, has_amounts_as_texts: bool = False) -> Iterator[CursorWrapper]:
    """Yield a cursor whose statements the server ends after *limit*.

    Args: has_amounts_as_texts: whoever takes the rows takes exact decimals as texts, too, if the driver has them.
    Raises: StatementEndedError: it ended one.
    """
    set_limit, lift = _limits(limit)
    with connection.cursor() as cursor, _as_texts(has_amounts=has_amounts_as_texts):
        set_limit(cursor)
        try:
            yield cursor
        except OperationalError as error:
            if not _is_ended(error):
                raise
            seconds = limit.total_seconds()
            raise StatementEndedError(f"the database ended a statement: more than {seconds:g} s") from error
        finally:
            lift(cursor)


@contextmanager
def _as_texts(*, has_amounts: bool) -> Iterator[None]:
    """Have MariaDB's and MySQL's driver leave moments, and amounts, as the texts that they come as.

    It makes an object of each in Python, which costs a quarter of the time of an export that writes a text again.
    """
    if connection.vendor != "mysql":
        yield
        return
    raw, kept = connection.connection, connection.connection.converter
    raw.converter = {**kept, **dict.fromkeys(_MYSQL_MOMENTS + _MYSQL_AMOUNTS * has_amounts, str)}
    try:
        yield
    finally:
        raw.converter = kept


def interrupter() -> Callable[[], None]:
    """Return a function for another thread that ends the statement that this thread's connection runs then, if any."""
    connection.ensure_connection()
    raw = connection.connection
    if connection.vendor == "sqlite":
        return raw.interrupt
    if connection.vendor == "postgresql":
        return raw.cancel
    alias, number = connection.alias, raw.thread_id()

    def kill() -> None:
        with connections[alias].cursor() as cursor:  # the other thread's own connection
            cursor.execute("KILL QUERY %s", [number])

    return kill


def _limits(limit: timedelta) -> tuple[Callable[[CursorWrapper], object], Callable[[CursorWrapper], object]]:
    seconds = limit.total_seconds()
    if connection.vendor == "sqlite":
        return lambda _: _sqlite_limit(connection, seconds), lambda _: _sqlite_limit(connection, None)
    if connection.vendor == "postgresql":
        return _setting("SET statement_timeout = %s", int(seconds * 1000), 0)
    if connection.mysql_is_mariadb:
        return _setting("SET SESSION max_statement_time = %s", seconds, 0)
    return _setting("SET SESSION max_execution_time = %s", int(seconds * 1000), 0)


def _setting(
    sql: str, value: float, nothing: int
) -> tuple[Callable[[CursorWrapper], object], Callable[[CursorWrapper], object]]:
    return lambda cursor: cursor.execute(sql, [value]), lambda cursor: cursor.execute(sql, [nothing])


def _sqlite_limit(wrapper: BaseDatabaseWrapper, seconds: float | None) -> None:
    """Give the connection a deadline; SQLite is in this process and has no server that could watch."""
    raw: Any = wrapper.connection
    if seconds is None:
        raw.set_progress_handler(None, 0)
        return
    deadline = monotonic() + seconds
    raw.set_progress_handler(lambda: monotonic() > deadline, _SQLITE_STEPS)


def _is_ended(error: OperationalError) -> bool:
    cause: Any = error.__cause__
    if getattr(cause, "sqlite_errorcode", None) == _SQLITE_INTERRUPTED:
        return True
    if getattr(cause, "sqlstate", None) == _POSTGRES_CANCELLED:
        return True
    return bool(error.args) and error.args[0] in (_MARIADB_TOO_LONG, _MYSQL_TOO_LONG, _MYSQL_INTERRUPTED)
