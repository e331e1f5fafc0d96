"""Drafts, and counts of lost ones, on their way from whoever serves users to the shadow worker: in a file without a name.

Note [A byte and a file]: what is sent over the socket is one byte and the file's descriptor. The system takes both or
neither, at once, however large the capture is; a file that nobody took is gone with the last process that knows it.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strangler.core.capture import Capture
from strangler.observing import Draft
from strangler.shadow import bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

CAPTURE, LOSSES = b"c", b"l"
"""What a file holds: a draft, or counts."""
TAKEN, HOLD, GO = b"thg"
"""What the worker says: one more capture was taken; make no more captures; make them again."""

_HEAD = struct.Struct("!QQ")  # bytes of the document, bytes of the asked body


class PacketError(Exception):
    """What came over the socket is no packet."""


def pack(draft: Draft) -> bytes:
    """Return *draft* with its effects as values; `unpack` reads it."""
    capture = draft.capture
    effects = draft.effects() if callable(draft.effects) else draft.effects
    if effects is not None:
        capture = replace(capture, control=replace(capture.control, effects=effects))
    bare, asked, control = bodies.take_off(capture)
    document = json.dumps({"capture": bare.to_json(), "cookie": draft.cookie}, separators=(",", ":")).encode()
    return b"".join((_HEAD.pack(len(document), len(asked)), document, asked, control))


def unpack(content: bytes) -> Draft:
    """Return the draft that `pack` wrote; its effects are in the capture.

    Raises:
        PacketError: it did not.
    """
    try:
        document_size, asked_size = _HEAD.unpack_from(content)
        asked_at = _HEAD.size + document_size
        control_at = asked_at + asked_size
        document: dict[str, Any] = json.loads(content[_HEAD.size : asked_at])
        bare = Capture.from_json(document["capture"])
        cookie = str(document["cookie"])
    except (struct.error, KeyError, TypeError, ValueError) as error:
        raise PacketError(f"no draft: {error!r}") from error
    capture = bodies.put_on(bare, asked=content[asked_at:control_at], control=content[control_at:])
    return Draft(capture=capture, cookie=cookie)


@contextmanager
def written(content: bytes) -> Iterator[int]:
    """Give the descriptor of a file in memory that holds *content*, to be sent within the block."""
    file = _make_file()
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
        yield file
    finally:
        os.close(file)


def send(connection: socket.socket, file: int, *, kind: bytes = CAPTURE) -> None:
    """Hand *file* over.

    Raises:
        BlockingIOError: there is no room for it now.
        OSError: nobody takes it any more.
    """
    socket.send_fds(connection, [kind], [file])


def receive(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Return the kind and the content of the next file; None if no more will come.

    Raises:
        BlockingIOError: there is none now.
        PacketError, OSError: the connection is of no use any more.
    """
    mark, files, _, _ = socket.recv_fds(connection, 1, 1)
    if not mark:
        return None
    if mark not in {CAPTURE, LOSSES} or not files:
        raise PacketError("no file came with it")
    with open(files[0], "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.seek(0)
        return mark, file.read()


def _make_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("strangler-capture")
    file, path = tempfile.mkstemp()
    os.unlink(path)  # noqa: PTH108 - mkstemp gives a text
    return file
