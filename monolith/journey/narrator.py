"""Tells the journey on the terminal: acts, steps with times, what went wrong, figures at the end."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

PLAIN_WIDTH = 110


def duration(seconds: float) -> str:
    """Write *seconds* as a person would say them: `38 ms`, `4.21 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


class Narrator:
    """Prints what happens and remembers what was expected and did not come.

    Args:
        is_plain: no colours and no moving lines, as in a file or a pipe.
    """

    def __init__(self, *, is_plain: bool = False) -> None:
        self.console = Console(highlight=False, no_color=is_plain or None)
        if is_plain or not self.console.is_terminal:
            self.console = Console(highlight=False, no_color=True, force_terminal=False, width=PLAIN_WIDTH)
        self.failures: list[str] = []
        self.figures: list[tuple[str, str]] = []
        self._acts = 0
        self._checks = 0
        self._began = time.monotonic()

    def act(self, title: str) -> None:
        """Begin the next act."""
        self._acts += 1
        self.console.print()
        self.console.rule(f"[bold]Act {self._acts}: {escape(title)}[/bold]", align="left")

    def say(self, text: str) -> None:
        """Say what is being done."""
        self._line("[dim]·[/dim]", text)

    def check(self, is_met: bool, text: str) -> bool:  # noqa: FBT001 - reads as a sentence: check(is_met, "…")
        """Say whether what *text* states is so; a failure is remembered and the journey goes on."""
        mark = "[green]✓[/green]" if is_met else "[bold red]✗[/bold red]"
        self._line(mark, text)
        self._checks += 1
        if not is_met:
            self.failures.append(text)
        return is_met

    def done(self, text: str) -> None:
        """Say what has been done."""
        self._line("[green]✓[/green]", text)

    def explain(self, problems: Sequence[str], *, limit: int = 10) -> None:
        """Name what is behind a failure."""
        for problem in problems[:limit]:
            self.console.print(f"      [red]{escape(problem)}[/red]")
        if len(problems) > limit:
            self.console.print(f"      [red]and {len(problems) - limit} more[/red]")

    def command(self, line: str, output: str) -> None:
        """Show a command and what it printed."""
        self.console.print(f"\n  [bold cyan]$ {escape(line)}[/bold cyan]")
        for each in output.rstrip().splitlines():
            self.console.print(f"    {escape(each)}", soft_wrap=True)
        self.console.print()

    def figure(self, what: str, value: str) -> None:
        """Remember a measured value for the table at the end."""
        self.figures.append((what, value))

    def verdict(self) -> None:
        """Say in one line whether everything that was expected came."""
        took = time.monotonic() - self._began
        failed = len(self.failures)
        found = f"FAILED, {failed} of {self._checks} checks" if failed else f"ok, {self._checks} checks"
        style = "bold red" if failed else "bold green"
        self.console.print(f"\n[{style}]Journey: {found} in {took // 60:.0f} min {took % 60:.0f} s[/{style}]")
        self.explain(self.failures)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show that something takes a while: a spinner on a terminal, a line elsewhere."""
        if self.console.is_terminal:
            with self.console.status(escape(text)):
                yield
        else:
            self.say(text)
            yield

    def table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Print a table of two columns."""
        table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
        for what, value in rows:
            table.add_row(f"  {escape(what)}", f"[bold]{escape(value)}[/bold]")
        self.console.print()
        self.console.print(table)

    def _line(self, mark: str, text: str) -> None:
        self.console.print(f"  {mark} {escape(text)}", soft_wrap=True)  # a cut line can't be searched for
