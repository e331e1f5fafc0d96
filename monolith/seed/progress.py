"""Shows how far a long job is: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]
STEPS = 10


@contextmanager
def track(label: str, *, total: int, out: OutputWrapper) -> Iterator[Advance]:
    """Yield a function to call with the number of things done since the last call."""
    if out.isatty():
        columns = (
            TextColumn("{task.description:>8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(file=out)) as bar:
            task = bar.add_task(label, total=total)
            yield lambda count: bar.advance(task, count)
    else:
        yield _Lines(label, total=total, out=out).advance


class _Lines:
    """Writes a line each time another tenth of the work is done."""

    def __init__(self, label: str, *, total: int, out: OutputWrapper) -> None:
        self._label, self._total, self._out = label, total, out
        self._done = 0

    def advance(self, count: int) -> None:
        before = self._tenths()
        self._done += count
        if self._tenths() > before:
            self._out.write(f"{self._label}: {self._done:,} of {self._total:,}")

    def _tenths(self) -> int:
        return self._done * STEPS // self._total
