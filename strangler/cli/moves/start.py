"""Begin the move, or go on with it: copy, then follow, until it is stopped. Runs in the foreground, under a supervisor in production."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

from strangler.cli.move_text import ProgressLine, say_paused, say_plan
from strangler.cli.moves.common import actor, add_actor_arguments, add_limit_arguments, limits
from strangler.cli.render import console
from strangler.core.stages import MoveStage
from strangler.move import records
from strangler.move.databases import open_pair, open_replicas
from strangler.move.planning import begin, plan
from strangler.move.runner import Runner
from strangler.move.standing import keep_working

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.move.databases import Pair

HELP = "begin, or go on: copy, then follow"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
    parser.add_argument("--replicate", action="store_true", help="one way, without a switch")
    parser.add_argument(
        "--until-following", action="store_true", help="end when all is copied and no change waits"
    )
    add_limit_arguments(parser)
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Work on the move until it is stopped; Ctrl-C ends it after the chunk at hand, and the next start goes on."""
    out, is_replica, stop = console(stdout), options["replicate"], threading.Event()
    with open_pair(options["service"]) as pair:
        if options["dry_run"]:
            say_plan(plan(options["service"], pair=pair, is_replica=is_replica), out=out)
            out.print("Nothing was changed (--dry-run).")
            return 0
        record = begin(options["service"], pair=pair, is_replica=is_replica, actor=actor(options))
        _stop_on_signals(stop)
        if record.is_paused:
            say_paused(record, out=out)
        before = records.limits(record)
        if (after := limits(options, before=before)) != before:
            records.throttle(record, after, actor=actor(options))
    until = MoveStage.FOLLOWING if options["until_following"] else None
    with ProgressLine(out) as line, open_replicas(record.service) as replicas:

        def make(pair: Pair) -> Runner:
            return Runner(
                record=record,
                pair=pair,
                actor=actor(options),
                replicas=replicas,
                on_progress=line.show,
                stop=stop,
            )

        keep_working(record, make=make, stop=stop, until=until)
    out.print(f"Stopped; the move to {record.service} is {record.stage}.")
    return 0


def _stop_on_signals(stop: threading.Event) -> None:
    """End after the chunk at hand; a second Ctrl-C ends at once, which harms nothing either."""
    if threading.current_thread() is not threading.main_thread():
        return

    def end(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
