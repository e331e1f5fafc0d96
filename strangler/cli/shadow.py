"""Compare what both sides do: replay captures to the other side, write down what differs, guard planned rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.conf import config
from strangler.shadow.process import run_worker

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "replay captures to the other side and compare; runs until it is told to stop"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--once", action="store_true", help="compare what waits, and end; guards nothing")
    parser.add_argument("--threads", type=int, help='replay so many at once (STRANGLER["SHADOW_THREADS"])')
    parser.add_argument("--no-guard", action="store_true", help="do not look after planned rollouts")


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Run the worker and say what it did."""

    def say_start() -> None:
        stdout.write(f"Shadow worker, {options['threads'] or config().shadow_threads} at once")
        stdout.flush()

    report = run_worker(
        once=options["once"],
        threads=options["threads"],
        is_guard=not options["no_guard"],
        on_start=say_start,
    )
    stdout.write(
        f"{report.compared:,} compared, {report.matched:,} of them match, {report.unobserved:,} not compared."
    )
    return 0
