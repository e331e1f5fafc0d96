"""The folder in which shadow workers lay their sockets, and whoever serves users finds them.

Several workers may have a socket there; one that was killed leaves its own behind, and the next to start clears it away.
What goes over them is who is logged in, so both ends must be processes of the same user.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import socket
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connections

from strangler.conf import config

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_PATH = 100
"""Bytes of a socket's path that every system takes."""
NAME_LENGTH = len("/00000000.sock")
_BACKLOG = 128
_CREDENTIALS = struct.Struct("3i")  # process, user, group


def find_folder() -> Path:
    """Return `SHADOW_FOLDER`; without it one of this user and of the database that holds the rollouts."""
    configured = config().shadow_folder
    if configured is not None:
        return configured
    where = connections[config().database].settings_dict
    database = "\n".join(str(where.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME"))
    mark = hashlib.sha256(database.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"strangler-{os.getuid()}-{mark}"


def is_too_long(folder: Path) -> bool:
    """Whether the sockets in *folder* would have a longer path than sockets can have."""
    return len(os.fsencode(folder.absolute())) + NAME_LENGTH > LONGEST_PATH


class Listener:
    """A socket of one worker in *folder*; not blocking.

    Raises:
        OSError: the folder can't be made or written, or its path is too long.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(folder)
        self.path = folder / f"{secrets.token_hex(4)}.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(os.fspath(self.path))
            self.socket.listen(_BACKLOG)
            self.socket.setblocking(False)
        except OSError:
            self.socket.close()
            raise

    def accept(self) -> socket.socket | None:
        """Return the next connection, not blocking; None if there is none or it is of another user."""
        try:
            connection, _ = self.socket.accept()
        except OSError:
            return None
        return _kept_if_ours(connection)

    def close(self) -> None:
        """Take it away."""
        self.path.unlink(missing_ok=True)
        self.socket.close()


def connect(folder: Path) -> socket.socket | None:
    """Return a connection to one of the workers in *folder*, not blocking; None if none listens."""
    found = list(_sockets(folder))
    random.shuffle(found)
    for path in found:
        connection = _try(path)
        if connection is not None:
            return connection
    return None


def _sockets(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.glob("*.sock")


def _try(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        connection.connect(os.fspath(path))
    except OSError:
        connection.close()
        return None
    return _kept_if_ours(connection)


def _kept_if_ours(connection: socket.socket) -> socket.socket | None:
    connection.setblocking(False)
    if hasattr(socket, "SO_PEERCRED"):  # elsewhere the folder alone keeps others away
        said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(said)[1] != os.geteuid():
            connection.close()
            return None
    return connection


def _clear(folder: Path) -> None:
    """Remove the sockets of workers that are gone."""
    for path in _sockets(folder):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(os.fspath(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
