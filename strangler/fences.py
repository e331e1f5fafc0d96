"""How code meets the fence of a move, on either side: the database's error, and the row that says whether it is raised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strangler.errors import FenceRaised

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MYSQL_ERRNO = 31990
"""The error number that triggers raise on MariaDB and MySQL; below 45000, which is any trigger's."""
SQLSTATE = "45SF1"
"""The SQLSTATE that triggers raise on PostgreSQL, MariaDB and MySQL."""
FENCES = "strangler_fence"
"""The table with a row for each move, on both sides."""
ADVISORY = 0x53464E43
"""The first half of the key of PostgreSQL's advisory lock; the second is the move."""
_TEXT = re.compile(r"strangler fence: (?P<service>[^:]+): (?P<table>.+)")
_READS = re.compile(
    r"[\s(]*((SELECT|SHOW|EXPLAIN|PRAGMA|SET|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|START|DESC)\b"
    r"|WITH\b(?!.*\b(INSERT|UPDATE|DELETE|MERGE)\b))",
    re.IGNORECASE | re.DOTALL,
)


def sentence(service: str, table: str) -> str:
    """Return what the error says: which move it is, by its service, and which table."""
    return f"strangler fence: {service}: {table}"


def recognise(error: BaseException) -> FenceRaised | None:
    """Return the fence that *error* of a database tells of, or None."""
    cause = error.__cause__ or error
    is_ours = (
        (error.args and error.args[0] == MYSQL_ERRNO)
        or getattr(cause, "sqlstate", None) == SQLSTATE
        or getattr(cause, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER"
    )
    found = _TEXT.search(str(error)) if is_ours else None
    return FenceRaised(found["service"], table=found["table"].strip("')\n")) if found else None


def is_read(sql: str) -> bool:
    """Whether a statement writes nothing; whatever is not known to be a read counts as a write."""
    return _READS.match(sql) is not None


def is_raised(connection: BaseDatabaseWrapper, move: int) -> bool:
    """Read the fence of *move* on *connection* with the lock that a trigger takes, kept until the transaction ends."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [ADVISORY, move])
        lock = " LOCK IN SHARE MODE" if connection.vendor == "mysql" else ""
        cursor.execute(f"SELECT is_raised FROM {FENCES} WHERE move_id = %s{lock}", [move])  # noqa: S608
        row = cursor.fetchone()
    return bool(row and row[0])
