"""Move runs from state to state. Each function is one conditional UPDATE, safe against a second worker.

See the diagram in `models.runs`. A worker takes a run with `claim`, for a slice of time; from then on it alone may
change it, as long as its watch renews the lease. Slices are numbered when they begin, so that a worker that comes back
from the dead changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from extracted.reporting.conf import config
from extracted.reporting.delivery import deliver
from extracted.reporting.feed import freshness
from extracted.reporting.models import UNFINISHED, Run, State

_LONGEST_WAIT = timedelta(minutes=5)
_TURN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that belongs to this worker for a slice."""

    run: Run
    number: int


def claim(run_id: UUID | str, *, holder: str) -> Claim | None:
    """Take a run for a slice of work.

    Args: holder: id of the task; the same message delivered again means that its last worker died, so it need not
        wait for the lease.
    Returns: None if there is nothing to do: finished, somebody else's, gone, cancelled or given up now, or the owner
        has as many at work as one may.
    """
    now = timezone.now()
    with transaction.atomic():
        run = Run.objects.filter(pk=run_id, state__in=UNFINISHED).first()
        if run is None:
            return None
        # All of the owner's, so that two workers do not both take the last place.
        others = list(Run.objects.select_for_update().filter(owner=run.owner, state__in=UNFINISHED))
        run = next((each for each in others if each.pk == run.pk), None)
        if run is None or not _is_free(run, now=now, holder=holder) or _ended(run):
            return None
        busy = sum(_is_at_work(each, now=now) for each in others if each.pk != run.pk)
        if busy >= config().runs_per_user:
            _wait_for_turn(run)
            return None
        return _take(run, holder=holder)


def checkpoint(claim: Claim, state: Mapping[str, Any], *, rows: int, work: timedelta) -> bool:
    """Note from where the run goes on; returns False if it is not ours any more."""
    return bool(held(claim).update(checkpoint=state, rows=rows, losses=0, work=claim.run.work + work))


def put_back(claim: Claim, *, reason: str = "", wait: timedelta = timedelta(0)) -> None:
    """Leave the run to whoever takes it next, from its checkpoint."""
    held(claim).update(
        holder="",
        leased_until=None,
        reason=reason,
        sends=0,
        due_at=timezone.now() + (wait or config().resend_after),
    )


def stumble(claim: Claim, *, reason: str, wait: timedelta) -> None:
    """Leave the run to another try after *wait*; so many in a row without progress and it is given up."""
    put_back(claim, reason=reason, wait=wait)
    held(claim).update(losses=F("losses") + 1)


def ready(claim: Claim, *, file: str, size: int, rows: int, note: str, work: timedelta) -> bool:
    """End the run: its file is in place, and its recipients get a mail. False if it is not ours any more, or was cancelled meanwhile."""
    found = held(claim).filter(is_cancelled=False)
    changes = {"file": file, "bytes": size, "rows": rows, "note": note, "work": claim.run.work + work}
    with transaction.atomic():
        is_ours = bool(found.update(**_end(State.READY), **changes))
        if is_ours:
            deliver(Run.objects.get(pk=claim.run.pk))
    return is_ours


def fail(claim: Claim, *, reason: str) -> None:
    """End the run with a reason that people understand."""
    held(claim).update(**_end(State.FAILED, reason=reason))


def cancelled(run: QuerySet[Run]) -> int:
    """End the runs that nobody wants any more."""
    return run.filter(state__in=UNFINISHED).update(**_end(State.CANCELLED))


def held(claim: Claim) -> QuerySet[Run]:
    """Return the run as long as it is ours."""
    return Run.objects.filter(pk=claim.run.pk, state=State.RUNNING, slices=claim.number)


def wait_before_announcing(sends: int) -> timedelta:
    """Return how long to wait after the *sends*-th message: doubling from `resend_after`, up to 5 minutes."""
    return min(config().resend_after * 2 ** min(sends, 20), _LONGEST_WAIT)


def _is_free(run: Run, *, now: Any, holder: str) -> bool:
    return not _is_at_work(run, now=now) or run.holder == holder


def _is_at_work(run: Run, *, now: Any) -> bool:
    return run.state == State.RUNNING and run.leased_until is not None and run.leased_until > now


def _ended(run: Run) -> bool:
    """End a run that was cancelled, or that took down too many workers, instead of taking it."""
    mine = Run.objects.filter(pk=run.pk)
    if run.is_cancelled:
        return bool(cancelled(mine))
    if (losses := _losses(run)) >= config().max_losses:
        reason = f"given up: {losses} workers in a row were lost or failed while working on it. {run.reason}"
        return bool(mine.update(**_end(State.FAILED, reason=reason)))
    return False


def _losses(run: Run) -> int:
    """Return how many workers in a row were lost: whoever gives a run back leaves no lease behind."""
    return run.losses + (run.state == State.RUNNING and run.leased_until is not None)


def _wait_for_turn(run: Run) -> None:
    reason = f"waits: {config().runs_per_user} others of yours are being made"
    Run.objects.filter(pk=run.pk).update(reason=reason, due_at=timezone.now() + _TURN, sends=0)


def _take(run: Run, *, holder: str) -> Claim:
    now = timezone.now()
    until = now + config().lease
    as_of = run.as_of or freshness().as_of
    Run.objects.filter(pk=run.pk).update(
        state=State.RUNNING,
        slices=F("slices") + 1,
        losses=_losses(run),
        reason="",
        holder=holder,
        leased_until=until,
        due_at=until,
        started_at=run.started_at or now,
        as_of=as_of,
    )
    run.refresh_from_db()
    return Claim(run=run, number=run.slices)


def _end(state: State, *, reason: str = "") -> dict[str, Any]:
    return {
        "state": state,
        "reason": reason,
        "leased_until": None,
        "due_at": None,
        "holder": "",
        "checkpoint": {},
        "finished_at": timezone.now(),
    }
