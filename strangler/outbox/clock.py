"""The database's clock: senders and relays on several machines agree on it, whatever their own clocks say.

`Now()` of Django is not enough: on MySQL it is in the session's time zone, and Django stores UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import DateTimeField, Func

from strangler.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import timedelta

    from django.db.backends.base.base import BaseDatabaseWrapper

_SQLITE_FORMAT = "'%%Y-%%m-%%d %%H:%%M:%%f000'"
_NOW = {
    "mysql": "UTC_TIMESTAMP(6)",
    "postgresql": "STATEMENT_TIMESTAMP()",
    "sqlite": f"STRFTIME({_SQLITE_FORMAT}, 'now')",
}
_LATER = {
    "mysql": "UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND",
    "postgresql": "STATEMENT_TIMESTAMP() + %s * INTERVAL '1 microsecond'",
    "sqlite": f"STRFTIME({_SQLITE_FORMAT}, 'now', (%s / 1000000.0) || ' seconds')",
}


class DatabaseNow(Func):
    """The moment at which the database executes the statement."""

    output_field = DateTimeField()

    def as_sql(self, _compiler: Any, connection: BaseDatabaseWrapper, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return what this database calls it."""
        return now_sql(connection), []


def now_sql(connection: BaseDatabaseWrapper) -> str:
    """Return the SQL of the database's own moment.

    Raises:
        ConfigurationError: the outbox does not know this kind of database.
    """
    try:
        return _NOW[connection.vendor]
    except KeyError:
        known = ", ".join(sorted(_NOW))
        raise ConfigurationError(
            f"The outbox can't work in a {connection.vendor} database; only: {known}."
        ) from None


def later_sql(connection: BaseDatabaseWrapper) -> str:
    """Return the SQL of a moment that is a parameter, in microseconds, away from now."""
    now_sql(connection)
    return _LATER[connection.vendor]


def microseconds(duration: timedelta) -> int:
    """Return the parameter of `later_sql`."""
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


def read_now(alias: str) -> datetime:
    """Ask database *alias* what time it is."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now_sql(connection)}", [])
        (value,) = cursor.fetchone()
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
