"""All databases of the process in one block that is rolled back, whatever happens in it."""

from __future__ import annotations

import logging
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from strangler.effects.statements import first_word, is_writing
from strangler.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

MOST_HOOKS = 1_000
_COMMITTING = frozenset(
    [
        "COMMIT",
        "BEGIN",
        "START",
        "CREATE",
        "ALTER",
        "DROP",
        "TRUNCATE",
        "RENAME",
        "LOCK",
        "UNLOCK",
        "GRANT",
        "REVOKE",
        "ANALYZE",
        "OPTIMIZE",
        "REPAIR",
        "CALL",
        "VACUUM",
        "ATTACH",
        "DETACH",
        "REINDEX",
        "CLUSTER",
        "PREPARE",
        "XA",
        "HANDLER",
        "FLUSH",
        "RESET",
        "INSTALL",
        "UNINSTALL",
    ]
)
"""What ends a transaction on one engine or another, or can't be taken back."""

_HARMLESS = re.compile(r"\s*(CREATE|DROP)\s+(LOCAL\s+|GLOBAL\s+)?TEMP(ORARY)?\s", re.IGNORECASE)
_ROLLBACK = re.compile(r"\s*ROLLBACK\s+(WORK\s+)?TO\b", re.IGNORECASE)


class Databases:
    """The connections that the sandbox holds in a transaction."""

    def __init__(self) -> None:
        self._held: list[BaseDatabaseWrapper] = []

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Open a transaction on every database, and roll all of them back at the end."""
        with ExitStack() as stack:
            for alias in connections:
                atomic: Any = transaction.atomic(using=alias)
                # As Django's TestCase does, so that `atomic(durable=True)` works inside.
                atomic._from_testcase = True  # noqa: SLF001
                stack.enter_context(atomic)
                connection = connections[alias]
                stack.callback(_forget_everything, connection)
                self._held.append(connection)
            yield

    def check(self, sql: str, connection: BaseDatabaseWrapper) -> None:
        """Raise SandboxError for a statement whose effect would stay."""
        word = first_word(sql)
        is_final = word in _COMMITTING and not _HARMLESS.match(sql)
        if is_final or (word == "ROLLBACK" and not _ROLLBACK.match(sql)) or _sets_autocommit(word, sql):
            raise SandboxError(f"{word} would end the transaction or can't be taken back")
        if is_writing(sql) and not any(connection is each for each in self._held):
            raise SandboxError(f"database {connection.alias!r} was to be written over another connection")

    def run_hooks(self) -> list[BaseException]:
        """Run what waits for the commit, as if there had been one; returns what was raised."""
        raised: list[BaseException] = []
        for _ in range(MOST_HOOKS):
            waiting = next((each for each in self._held if each.run_on_commit), None)
            if waiting is None:
                break
            entry: Any = waiting.run_on_commit.pop(0)  # savepoints, hook, whether it may fail
            try:
                entry[1]()
            except Exception as error:
                logger.exception("A hook that waited for the commit failed in the sandbox.")
                raised.append(error)
        return raised


def _forget_everything(connection: BaseDatabaseWrapper) -> None:
    connection.run_on_commit = []
    if connection.in_atomic_block:
        connection.set_rollback(True)


def _sets_autocommit(word: str, sql: str) -> bool:
    return word == "SET" and "autocommit" in sql.lower()
