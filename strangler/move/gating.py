"""Verify a move while its runner follows, and put down what that means for its stage."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.core.stages import MoveStage
from strangler.errors import MoveError
from strangler.move import records
from strangler.move.announcing import announce
from strangler.move.databases import open_pair
from strangler.move.fence import Fence
from strangler.move.laying import table_pairs
from strangler.move.notes import Notes
from strangler.move.verifying import verify_move

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.move.databases import Pair
    from strangler.move.models import MoveRecord, VerifyResult
    from strangler.move.report import Report
    from strangler.move.verifying import Progress

PATIENCE = timedelta(seconds=60)
NOTICEABLE = timedelta(seconds=0.5)  # a server's age of an entry is no more exact than the way to it
REST = timedelta(milliseconds=50)
VERIFIABLE = frozenset({MoveStage.FOLLOWING, MoveStage.VERIFIED, MoveStage.REVERSED})


def check(
    service: str, *, actor: str, progress: Callable[[Progress], None] = lambda _: None
) -> tuple[VerifyResult, Report]:
    """Compare all tables of the move to *service*; equal ones bring it to `verified`, a difference back to `following`.

    Raises:
        MoveError: it is not far enough, or nobody follows its changes.
    """
    record = records.current(service)
    if record.at not in VERIFIABLE:
        raise MoveError(f"it is {record.stage}; there is nothing to verify now.", move=service)
    if record.at is MoveStage.VERIFIED:
        records.change_stage(record, MoveStage.FOLLOWING, actor=actor, reason="verifies anew")
    with open_pair(service) as pair:
        for dialect in (pair.source, pair.target):
            Fence(dialect=dialect, move=record.pk, service=service).lay()  # before anybody is told to ask it
        notes = Notes(target=pair.target, move=record.pk)
        beginning = notes.begin()
        result, report = verify_move(record, settle=lambda: settle(record, pair=pair), progress=progress)
        if notes.beginning() != beginning:
            raise MoveError("somebody else began to verify it meanwhile; that one counts.", move=service)
    record.refresh_from_db(using=record._state.db)  # noqa: SLF001 - as Django's documentation shows it
    if report.is_equal:
        records.change_stage(record, MoveStage.VERIFIED, actor=actor)
        announce(record)
    else:
        records.note(record, "differs", actor=actor, reason=f"{result}")
    return result, report


def settle(record: MoveRecord, *, pair: Pair, patience: timedelta = PATIENCE) -> None:
    """Return when every change that was made before the call has been followed by the runner, however long that takes.

    Raises:
        MoveError: nobody follows: for as long as patience lasts nothing was.
    """
    began = time.monotonic()
    for table in table_pairs(record, pair=pair):
        log = pair.source.changelog(record.pk, table.number)
        oldest, until = 0.0, time.monotonic() + patience.total_seconds()
        while (made_at := _oldest(pair, log)) < began:
            if made_at > oldest + NOTICEABLE.total_seconds():
                oldest, until = made_at, time.monotonic() + patience.total_seconds()
            if time.monotonic() > until:
                hint = f"Does this run? strangler move {record.service} start"
                raise MoveError(
                    f"changes of {table.source.name} are not followed. {hint}", move=record.service
                )
            time.sleep(REST.total_seconds())


def _oldest(pair: Pair, log: str) -> float:
    """Return when the oldest entry that waits was made, by this process's clock; infinite if none waits."""
    count, age = pair.source.backlog(log)
    return time.monotonic() - age if count else math.inf
