"""Watched answers on WSGI: every piece passes as it came, and a copy of it stays with the watch."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from strangler.facade.answers import Refusal
from strangler.facade.intake import CHUNK_BYTES
from strangler.facade.moved import MovedAway
from strangler.facade.wsgi_legacy import LegacyCall, close

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import WSGIApplication

    from strangler.facade.watch import Tee, Watch


class WatchedLegacyCall(LegacyCall):
    """One call of the inner application that is captured."""

    def __init__(self, *call: Any, watch: Watch) -> None:
        super().__init__(*call)
        self.watch = watch

    def run(self, application: WSGIApplication) -> Iterable[bytes] | Refusal:
        """Return the application's answer, or a refusal if it met the limit of the body."""
        if self._ending.framing.has_body:
            self._environ["wsgi.input"] = _WatchedInput(self._environ["wsgi.input"], self.watch.asked)
        self.watch.recording.start()
        try:
            result = super().run(application)
        except MovedAway:
            self.watch.abandon()
            raise
        except Exception as error:
            self.watch.fail(error)
            raise
        except BaseException:
            self.watch.abandon()
            raise
        if isinstance(result, Refusal):
            self.watch.abandon()
        return result

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.watch.answer(int(status[:3]), headers)
        write = super()._start(status, headers, exc_info)

        def write_watched(piece: bytes) -> object:
            self.watch.answered.take(piece)
            return write(piece)

        return write_watched

    def _wrap(self, result: Iterable[bytes]) -> Iterable[bytes]:
        wrapped = super()._wrap(result)
        if wrapped is result:
            _read_at_close(wrapped, self.watch)
            return wrapped
        return WatchedAnswer(wrapped, self.watch)


class WatchedAnswer:
    """An answer of either side; closing it hands the capture over."""

    def __init__(self, answer: Iterable[bytes], watch: Watch) -> None:
        self._answer = answer
        self._watch = watch

    def __iter__(self) -> Iterator[bytes]:
        take = self._watch.answered.take
        for piece in self._answer:
            take(piece)
            yield piece
        self._watch.answered.end()

    def close(self) -> None:
        """Close the answer; the capture is handed over."""
        try:
            close(self._answer)
        finally:
            self._watch.finish()


class _WatchedInput:
    """`wsgi.input` for an application that reads it; what it reads is copied."""

    def __init__(self, stream: Any, tee: Tee) -> None:
        self._stream = stream
        self._tee = tee

    def read(self, *size: int) -> bytes:
        return self._noted(self._stream.read(*size), is_to_end=not size or size[0] < 0)

    def readline(self, *size: int) -> bytes:
        return self._noted(self._stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        lines: list[bytes] = self._stream.readlines(*hint)
        for line in lines:
            self._tee.take(line)
        return lines

    def __iter__(self) -> Iterator[bytes]:
        for line in self._stream:
            self._tee.take(line)
            yield line
        self._tee.end()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _noted(self, piece: bytes, *, is_to_end: bool = False) -> bytes:
        self._tee.take(piece)
        if is_to_end or not piece:
            self._tee.end()
        return piece


def _read_at_close(wrapper: Any, watch: Watch) -> None:
    """Let a file that the server sends by itself be read for the capture, once it was sent."""
    watch.recording.stop()  # the work is done, and the server may close it in another thread
    before = getattr(wrapper, "close", None)
    try:
        file = wrapper.filelike
        start = file.tell()
        wrapper.close = partial(_copy_and_close, watch, file, start=start, before=before)
    except (AttributeError, OSError, ValueError):  # a wrapper of another kind, or a pipe
        watch.finish()


def _copy_and_close(watch: Watch, file: Any, *, start: int, before: Callable[[], object] | None) -> None:
    try:
        with suppress(OSError, ValueError):  # without an end it counts as incomplete
            file.seek(start)
            while not watch.answered.is_over and (piece := file.read(CHUNK_BYTES)):
                watch.answered.take(piece)
            watch.answered.end()
    finally:
        if before is not None:
            before()
        watch.finish()
