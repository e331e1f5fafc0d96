"""Do something again and again in threads while a part of the journey goes its way."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self


class Beside:
    """Run each of *works* in a thread of its own while the block lasts; they end when `_stop` is set."""

    def __init__(self, works: Sequence[Callable[[], object]]) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def is_running(self) -> bool:
        """Whether one of them still works."""
        return any(thread.is_alive() for thread in self._threads)
