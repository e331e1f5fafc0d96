"""Change the record of a move, audited: stages, pauses, limits, and who works on it."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q

from strangler.conf import config
from strangler.core.stages import advance_move
from strangler.errors import MoveBusyError, MoveError
from strangler.move.models import MoveEvent, MoveRecord
from strangler.move.throttle import Limits
from strangler.outbox.clock import read_now

if TYPE_CHECKING:
    from strangler.core.stages import MoveStage

LEASE = timedelta(seconds=15)


def current(service: str) -> MoveRecord:
    """Return the move to *service* that is not over.

    Raises:
        MoveError: there is none.
    """
    record = MoveRecord.current(service, using=config().database)
    if record is None:
        raise MoveError(f"there is no move. Begin one with: strangler move {service} start", move=service)
    return record


def latest(service: str) -> MoveRecord:
    """Return the move to *service* that is under way, or else the last one, which is over.

    Raises:
        MoveError: there was never one.
    """
    last = MoveRecord.objects.using(config().database).filter(service=service).order_by("-pk").first()
    return last or current(service)


def limits(record: MoveRecord) -> Limits:
    """Return the limits that hold."""
    return Limits(
        rows_per_second=record.max_rows_per_second or None,
        replica_lag=record.replica_lag_limit,
        running_threads=record.max_running_threads or None,
    )


def note(record: MoveRecord, what: str, *, actor: str, reason: str = "") -> MoveEvent:
    """Add a line to the audit."""
    events = MoveEvent.objects.using(config().database)
    return events.create(move=record, at=read_now(config().database), what=what, reason=reason, actor=actor)


def change_stage(record: MoveRecord, stage: MoveStage, *, actor: str, reason: str = "") -> None:
    """Bring *record* to *stage*, audited, in one transaction; idempotent.

    Raises:
        MoveTransitionError: it can't follow where the move stands now; nothing was changed.
    """
    with transaction.atomic(using=config().database):
        now = _locked(record)
        before = now.at
        now.stage = advance_move(before, stage=stage, move=record.service).value
        now.changed_at = read_now(config().database)
        now.save(using=config().database, update_fields=["stage", "changed_at"])
        if before is not stage:
            note(record, stage.value, actor=actor, reason=reason)
    record.stage, record.changed_at = now.stage, now.changed_at


def _locked(record: MoveRecord) -> MoveRecord:
    return MoveRecord.objects.using(config().database).select_for_update().get(pk=record.pk)


def pause(record: MoveRecord, *, name: str, reason: str, actor: str) -> None:
    """Have whoever works on the move stop after the chunk at hand; *name* is of the reason."""
    _update(record, is_paused=True, pause_name=name, pause_reason=reason)
    note(record, "paused", actor=actor, reason=f"{name}: {reason}" if reason else name)


def resume(record: MoveRecord, *, actor: str) -> None:
    """Let the move go on."""
    _update(record, is_paused=False, pause_name="", pause_reason="")
    note(record, "resumed", actor=actor)


def throttle(record: MoveRecord, limits: Limits, *, actor: str) -> None:
    """Put *limits* in place of those that hold; they are met within a second."""
    lag = limits.replica_lag
    _update(
        record,
        max_rows_per_second=limits.rows_per_second or 0,
        max_replica_lag_ms=round(lag.total_seconds() * 1000) if lag else 0,
        max_running_threads=limits.running_threads or 0,
    )
    note(record, "throttled", actor=actor, reason=str(limits))


def _update(record: MoveRecord, **values: object) -> None:
    MoveRecord.objects.using(config().database).filter(pk=record.pk).update(**values)
    for name, value in values.items():
        setattr(record, name, value)


def acquire(record: MoveRecord, *, lease: timedelta = LEASE, is_forced: bool = False) -> int:
    """Make this process the only one that works on the move and return its fencing token.

    Args:
        is_forced: take it from a holder whose lease has not ended. The holder can write nothing from then on.
    Raises:
        MoveBusyError: another process holds it.
    """
    using = config().database
    now = read_now(using)
    free = (
        Q()
        if is_forced or _is_gone(record.holder)
        else Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    )
    records = MoveRecord.objects.using(using)
    taken = records.filter(free, pk=record.pk).update(
        holder=process_name(), token=F("token") + 1, leased_until=now + lease
    )
    record.refresh_from_db(using=using)
    if not taken:
        raise MoveBusyError(record.service, holder=record.holder)
    return record.token


def _is_gone(holder: str) -> bool:
    """Whether *holder* was a process of this machine that is no more, so that nobody has to wait for its lease."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def renew(record: MoveRecord, *, token: int, lease: timedelta = LEASE) -> None:
    """Hold the move for another *lease*, and read what operators changed.

    Raises:
        MoveBusyError: another process took it over.
    """
    using = config().database
    mine = MoveRecord.objects.using(using).filter(pk=record.pk, token=token)
    kept = mine.update(leased_until=read_now(using) + lease)
    record.refresh_from_db(using=using)
    if not kept:
        raise MoveBusyError(record.service, holder=record.holder)


def release(record: MoveRecord, *, token: int) -> None:
    """Let another process have the move at once; does nothing for one that lost it."""
    mine = MoveRecord.objects.using(config().database).filter(pk=record.pk, token=token)
    mine.update(leased_until=None, holder="")


def process_name() -> str:
    """Return what this process is called in the record."""
    return f"{socket.gethostname()}:{os.getpid()}"
