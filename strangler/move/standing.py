"""Work on a move for as long as it lasts, in the direction of its stage, and stand by while a switch or reverse has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from strangler.conf import config
from strangler.core.stages import MoveStage
from strangler.errors import MoveBusyError
from strangler.move.databases import open_pair
from strangler.move.runner import REST

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from strangler.move.databases import Pair
    from strangler.move.models import MoveRecord
    from strangler.move.runner import Runner


def keep_working(
    record: MoveRecord,
    *,
    make: Callable[[Pair], Runner],
    stop: threading.Event,
    until: MoveStage | None = None,
) -> None:
    """Copy and follow until *stop*, until *until* is reached, or until the move is over.

    Args:
        record: the move.
        make: returns the runner for two opened ends; called anew after each switch and reverse.
        stop: ends the work after the chunk at hand.
        until: as `Runner.run` takes it.
    Raises:
        MoveBusyError: another process worked on the move when we came.
        MovePausedError: as `Runner.run` does.
    """
    has_worked = False
    while not stop.is_set() and not _is_over(record):
        with open_pair(record.service, is_backward=record.at is MoveStage.SWITCHED) as pair:
            runner = make(pair)
            try:
                runner.run(until=until)
            except (MoveBusyError, DatabaseError) as error:
                if _is_over(record):
                    return  # whoever ended the move took the changelogs away
                has_worked = has_worked or bool(runner.tables)
                passes = isinstance(error, MoveBusyError) or pair.source.is_retryable(error)
                if not (has_worked and passes):
                    raise
                stop.wait(REST.total_seconds())
            else:
                return


def _is_over(record: MoveRecord) -> bool:
    record.refresh_from_db(using=config().database)
    return record.at.is_final
