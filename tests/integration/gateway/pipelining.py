"""Many small requests over one connection, sent without waiting for each answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

BATCH = 200


def ask(port: int, keys: Sequence[str], *, cookie: str = "strangler_id") -> Iterator[str]:
    """Yield what a server answers to a request of each key; every body has to end with a line end."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        reader = connection.makefile("rb")
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            connection.sendall(b"".join(_request(key, cookie) for key in batch))
            for _ in batch:
                yield _read(reader)


def _request(key: str, cookie: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}={key}\r\n\r\n".encode()


def _read(reader) -> str:
    length = 0
    while (line := reader.readline()) not in {b"\r\n", b""}:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return reader.read(length).decode()
