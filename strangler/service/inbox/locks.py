"""One worker at a time for each message: a lock that ends with its holder, however that ends.

Note [Liveness]: a lease could only guess whether the worker that began a message still lives, and copies that arrive at
once would be counted as failures. A lock of the database session is released by the database when the worker's
connection closes, also when it is killed, and at no other moment. SQLite has none, but its users share a machine, so
there it is a lock on a file.

It decides only whether a delivery is counted: that effects happen once does not depend on it.
"""

from __future__ import annotations

import fcntl
import time
import zlib
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from django.db.backends.base.base import BaseDatabaseWrapper

LOOK_EVERY = timedelta(milliseconds=20)
SQLITE_FILES = 64  # messages that share one wait for each other, which is right for one machine


@contextmanager
def message_lock(alias: str, message_id: UUID, *, timeout: timedelta) -> Iterator[bool]:
    """Hold the lock of a message in the block; yields False if somebody else had it for all of *timeout*."""
    connection = connections[alias]
    lock = _file_lock if connection.vendor == "sqlite" else _session_lock
    with lock(connection, message_id, timeout) as is_held:
        yield is_held


@contextmanager
def _session_lock(connection: BaseDatabaseWrapper, message_id: UUID, timeout: timedelta) -> Iterator[bool]:
    take, give_back, key = _statements(connection, message_id)

    def try_once() -> bool:
        return bool(_ask(connection, take, key))

    is_held = _until(try_once, timeout)
    try:
        yield is_held
    finally:
        # A connection that has broken meanwhile took the lock with it.
        if is_held and connection.is_usable():
            _ask(connection, give_back, key)


def _statements(connection: BaseDatabaseWrapper, message_id: UUID) -> tuple[str, str, str | int]:
    if connection.vendor == "postgresql":
        key = int.from_bytes(message_id.bytes[:8], signed=True)
        return "SELECT pg_try_advisory_lock(%s)", "SELECT pg_advisory_unlock(%s)", key
    # Names are the whole server's, so the database is part of it; 64 characters at most.
    database = zlib.crc32(str(connection.settings_dict["NAME"]).encode())
    return "SELECT GET_LOCK(%s, 0)", "SELECT RELEASE_LOCK(%s)", f"inbox-{database:08x}-{message_id.hex}"


def _ask(connection: BaseDatabaseWrapper, statement: str, key: str | int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        return cursor.fetchone()[0]


@contextmanager
def _file_lock(connection: BaseDatabaseWrapper, message_id: UUID, timeout: timedelta) -> Iterator[bool]:
    name = zlib.crc32(str(connection.settings_dict["NAME"]).encode())
    path = Path(gettempdir()) / f"strangler-inbox-{name:08x}-{message_id.int % SQLITE_FILES}"
    with path.open("a") as file:

        def try_once() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield _until(try_once, timeout)


def _until(try_once: Callable[[], bool], timeout: timedelta) -> bool:
    deadline = time.monotonic() + timeout.total_seconds()
    while not try_once():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_EVERY.total_seconds())
    return True
