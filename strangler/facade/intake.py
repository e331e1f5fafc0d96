"""The body of a request on its way through: counted, limited, and kept if it may be needed again.

Shared by the WSGI and ASGI adapters, which only bring the bytes.
"""

from __future__ import annotations

import tempfile
from enum import Enum
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.facade.framing import Framing
    from strangler.facade.watch import Tee

CHUNK_BYTES = 128 * 1024
KEPT_IN_MEMORY_BYTES = 1024 * 1024


class ClientFault(Enum):
    """Why the client's own body ended an exchange."""

    TOO_LARGE = "too large"
    GONE = "gone"


class BodyTooLargeError(Exception):
    """The body is larger than the route allows; nothing more of it was read."""


class ClientGoneError(OSError):
    """The client stopped sending before its body was complete; an OSError, as Django expects of such."""


class Intake:
    """What has been read of one request's body.

    Args:
        framing: extent that the client declared.
        limit: bytes that the route allows; None for no limit.
        is_kept: keep a copy, in memory up to 1 MiB and on disk beyond, so that the body can be given again.
    """

    def __init__(self, framing: Framing, *, limit: int | None, is_kept: bool) -> None:
        self.framing = framing
        self.received = 0
        self.is_complete = not framing.has_body
        self._limit = limit
        self._is_kept = is_kept
        self._spool: tempfile.SpooledTemporaryFile[bytes] | None = None
        self._tee: Tee | None = None

    @property
    def wanted(self) -> int:
        """How many bytes to ask the client for next; never beyond a declared length."""
        if self.framing.length is None:
            return CHUNK_BYTES
        return min(CHUNK_BYTES, self.framing.length - self.received)

    @property
    def can_repeat(self) -> bool:
        """Whether the body can be given from its beginning: it was kept, or none of it was read."""
        return self._is_kept or self.received == 0

    def start_keeping(self) -> None:
        """Keep a copy from now on; only of use while nothing was read."""
        self._is_kept = True

    def copy_to(self, tee: Tee) -> None:
        """Copy what is accepted from now on to *tee*; only of use while nothing was read."""
        self._tee = tee
        if self.is_complete:
            tee.end()

    def accept(self, chunk: bytes) -> None:
        """Take note of *chunk*, which follows what was accepted before.

        Raises:
            BodyTooLargeError: it goes beyond the limit.
        """
        self.received += len(chunk)
        if self._limit is not None and self.received > self._limit:
            raise BodyTooLargeError
        if self._is_kept:
            self._keep(chunk)
        if self._tee is not None:
            self._tee.take(chunk)
        self.is_complete = self.received == self.framing.length

    def end(self) -> None:
        """Take note that the client sends no more.

        Raises:
            ClientGoneError: it had declared more.
        """
        if self.framing.length is not None and self.received < self.framing.length:
            raise ClientGoneError
        self.is_complete = True
        if self._tee is not None:
            self._tee.end()

    def kept(self) -> Iterator[bytes]:
        """Yield what was kept, from the beginning; more can be accepted afterwards."""
        if self._spool is None:
            return
        self._spool.seek(0)
        while chunk := self._spool.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        """Let go of what was kept."""
        if self._spool is not None:
            self._spool.close()

    def _keep(self, chunk: bytes) -> None:
        if self._spool is None:
            self._spool = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by `close`
                max_size=KEPT_IN_MEMORY_BYTES, dir=settings.FILE_UPLOAD_TEMP_DIR
            )
        self._spool.write(chunk)
