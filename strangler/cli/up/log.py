"""One log for all processes: a colour each on a terminal, and a plain copy in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from honcho.printer import Printer

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from honcho.printer import Message

LARGEST_BYTES = 10_000_000


class Log(Printer):  # type: ignore[misc]
    """Print lines with time and process, to the terminal and to a file.

    Args:
        output: gets colours if it is a terminal.
        path: file that the lines are added to; one of more than 10 MB is first renamed to `*.1`.
        width: length of the longest name of a process.
    """

    def __init__(self, output: TextIO, *, path: Path, width: int) -> None:
        super().__init__(output, width=width)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST_BYTES:
            path.replace(path.with_suffix(path.suffix + ".1"))
        self._file = path.open("a", encoding="utf-8")
        self._copy = Printer(self._file, time_format="%Y-%m-%d %H:%M:%S", width=width, colour=False)

    def write(self, message: Message) -> None:
        """Print the lines of *message* in both places."""
        super().write(message)
        self._copy.write(message)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
