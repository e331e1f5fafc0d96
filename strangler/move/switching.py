"""Give the tables of a move to the service, with no failed write. See `turning` for the steps and `fence` for why it holds.

Killed at any step, nothing needs to be cleaned up: before `flip` the databases undo what was behind the fence and the monolith stays
the owner; after it the service is, and `open` is done by whoever meets its fence. Run `switch` again in either case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from strangler.conf import config
from strangler.core.stages import MoveStage, RolloutStage
from strangler.errors import MoveError
from strangler.move import records
from strangler.move.announcing import announce
from strangler.move.databases import Pair
from strangler.move.dialects.sqlite import OpenSQLiteDialect
from strangler.move.fence import locked_record
from strangler.move.models import VerifyResult
from strangler.move.opening import open_owner
from strangler.move.steps import Moved, Steps, unwatched
from strangler.move.turning import BUDGET, try_until_granted, turning, within

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from strangler.move.fence import Fence
    from strangler.move.models import MoveRecord
    from strangler.move.steps import Watch
    from strangler.move.turning import Turn

SWITCH_STEPS = ("announce", "arm", "number", "catch-up", "lock", "drain", "check-tail", "flip", "open")


def switch(
    service: str,
    *,
    actor: str,
    budget: timedelta = BUDGET,
    seams: Sequence[str] = (),
    watch: Watch = unwatched,
) -> Moved:
    """Make *service* the owner of the tables that move to it. Idempotent; resumes what was killed.

    Args:
        service: name of the service.
        actor: who, for the audit.
        budget: how long writers may wait; beyond it all is rolled back and the monolith stays the owner.
        seams: of the service, to go live in the same commit.
        watch: is told of each step.
    Raises:
        MoveError: nobody verified, or the move is paused or one way.
        PauseBudgetError: it would have taken too long; nothing has changed.
    """
    record = records.current(service)
    steps = Steps(record=record, verb="switch", actor=actor, budget=budget, watch=watch)
    if record.at is MoveStage.SWITCHED:
        open_owner(record)
        return Moved(stage=record.stage)
    refuse(record)
    with turning(steps, is_backward=False) as turn:
        with steps.step("announce"):
            announce(record, is_waiting=True)
        with steps.step("arm"):
            turn.claim()
            turn.arm()
        with steps.step("number"):
            turn.number()
        with steps.step("catch-up"):
            turn.catch_up()
        drained, tries = try_until_granted(steps, lambda: _behind(turn, seams=seams))
        steps.committed()
        with steps.step("open"):
            open_owner(record)
        return Moved(stage=record.stage, pause=steps.unpause(), drained=drained, tries=tries)


def refuse(record: MoveRecord) -> None:
    """Refuse a switch that nobody verified, or that may not be.

    Raises:
        MoveError: says what to do first.
    """
    latest = VerifyResult.latest(move_id=record.pk)
    if record.is_replica:
        reason = "it replicates one way; tables that a service only reads have no switch."
    elif record.is_paused:
        reason = f"it is paused ({record.pause_name}). Resume it first."
    elif record.at is not MoveStage.VERIFIED or latest is None:
        reason = f"it is {record.stage} and not verified. Run: strangler move {record.service} verify"
    elif not latest.is_valid(now=timezone.now()):
        reason = (
            f"its verification is too old or found differences. Run: strangler move {record.service} verify"
        )
    else:
        return
    raise MoveError(reason, move=record.service)


def _behind(turn: Turn, *, seams: Sequence[str]) -> int:
    """Do what is done while writers wait, in one transaction on the source; return how many changes were drained."""
    record, steps = turn.record, turn.steps
    steps.pause()
    limits = {"within": within(steps), "limit": steps.budget}
    with locked_record(record.pk, service=record.service, **limits) as fence:
        if fence.is_raised():  # a commit that we took for failed, or another switch
            record.refresh_from_db(using=config().database)
            return 0
        with steps.step("lock"):  # is granted already: the audit must not be written before the lock
            behind = _pair_behind(turn.pair, fence)
        with steps.step("drain"):
            drained = turn.drain(behind)
        with steps.step("check-tail"):
            turn.check_tail(behind)
        with steps.step("flip"):
            turn.flip(record.service, seams=seams, stage=RolloutStage.LIVE)
            records.change_stage(record, MoveStage.SWITCHED, actor=steps.actor)
            fence.put(is_raised=True)
    return drained


def _pair_behind(pair: Pair, fence: Fence) -> Pair:
    """Return the pair that can work while the fence is locked: on SQLite only its own connection can write."""
    if pair.source.name != "sqlite":
        return pair
    source = OpenSQLiteDialect(fence.dialect.connection)
    source.prepare_source()
    return Pair(source=source, target=pair.target)
