"""Give the tables back to the monolith, with all that was written since the switch and with no failed write.

Killed at any step, the service stays the owner until `flip`: its fence, which `close` has raised, is lowered again by whoever meets it.
After `flip` the monolith is the owner and nothing is left to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.core.stages import MoveStage, RolloutStage
from strangler.errors import MoveError, PauseBudgetError
from strangler.move import records
from strangler.move.databases import Pair
from strangler.move.dialects.sqlite import OpenSQLiteDialect
from strangler.move.fence import locked_record
from strangler.move.models import MoveTable
from strangler.move.opening import open_owner
from strangler.move.steps import Moved, Steps, unwatched
from strangler.move.turning import BUDGET, try_until_granted, turning, within
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from strangler.move.fence import Fence
    from strangler.move.steps import Watch
    from strangler.move.turning import Turn

REVERSE_STEPS = ("claim", "number", "catch-up", "lock", "drain", "check-tail", "close", "flip")


def reverse(
    service: str,
    *,
    actor: str,
    budget: timedelta = BUDGET,
    seams: Sequence[str] = (),
    watch: Watch = unwatched,
) -> Moved:
    """Make the monolith the owner again. Idempotent; resumes what was killed.

    Args:
        service: that owns the tables now.
        actor: who, for the audit.
        budget: how long writers may wait; beyond it all is rolled back and the service stays the owner.
        seams: of the service, to go back to legacy in the same commit.
        watch: is told of each step.
    Raises:
        MoveError: nothing was switched.
        PauseBudgetError: it would have taken too long; nothing has changed.
    """
    record = records.current(service)
    steps = Steps(record=record, verb="reverse", actor=actor, budget=budget, watch=watch)
    if record.at is MoveStage.REVERSED:
        return Moved(stage=record.stage)
    if record.at is not MoveStage.SWITCHED:
        raise MoveError(f"it is {record.stage}, so there is nothing to reverse.", move=service)
    with turning(steps, is_backward=True) as turn:
        with steps.step("claim"):
            turn.claim()
        with steps.step("number"):
            turn.number()
        with steps.step("catch-up"):
            turn.catch_up()
        try:
            drained, tries = try_until_granted(steps, lambda: _behind(turn, seams=seams))
        except (MoveError, PauseBudgetError):
            open_owner(record)  # where `close` was committed and `flip` was not
            raise
        return Moved(stage=record.stage, pause=steps.unpause(), drained=drained, tries=tries)


def _behind(turn: Turn, *, seams: Sequence[str]) -> int:
    """Do what is done while writers wait; the source's row is locked around it all."""
    record, steps = turn.record, turn.steps
    steps.pause()
    limits = {"within": within(steps), "limit": steps.budget}
    with locked_record(record.pk, service=record.service, **limits) as fence:
        if not fence.is_raised():  # a commit that we took for failed, or another reverse
            record.refresh_from_db(using=config().database)
            return 0
        with turn.theirs.locked(**limits):
            with steps.step("lock"):  # is granted already: the audit must not be written before the lock
                behind = _pair_behind(turn, fence)
            with steps.step("drain"):
                drained = turn.drain(behind)
            with steps.step("check-tail"):
                turn.check_tail(behind)
            with steps.step("close"):
                turn.theirs.put(is_raised=True)
        with steps.step("flip"):
            turn.flip(MONOLITH, seams=seams, stage=RolloutStage.LEGACY)
            _keep_generations(turn)
            records.change_stage(record, MoveStage.REVERSED, actor=steps.actor)
            fence.put(is_raised=False)
    return drained


def _pair_behind(turn: Turn, fence: Fence) -> Pair:
    """Return the pair that can work while both fences are locked: on SQLite only their own connections can write."""
    if turn.pair.source.name != "sqlite":
        return turn.pair
    source = OpenSQLiteDialect(turn.theirs.dialect.connection)
    target = OpenSQLiteDialect(fence.dialect.connection)
    source.prepare_source()
    target.prepare_source()
    fence.put(is_raised=False)  # or our own rows would meet it; nobody else sees it before the commit
    return Pair(source=source, target=target, is_backward=True)


def _keep_generations(turn: Turn) -> None:
    """Take the monolith's tables as they are for the beginning of the next following: their counters were changed."""
    rows = MoveTable.objects.using(config().database).filter(move=turn.record)
    for table in turn.tables:
        shape = turn.pair.target.introspect(table.target.name)
        rows.filter(number=table.number).update(generation=shape.generation)
