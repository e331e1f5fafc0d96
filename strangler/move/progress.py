"""What people see of a move: rows, speed, lag, remaining time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.core.stages import MoveStage
from strangler.move.models import MoveEvent, MoveRecord, MoveTable
from strangler.outbox.clock import read_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from strangler.move.positions import Position

WINDOW = timedelta(seconds=10)  # over which speed is measured


@dataclass(slots=True)
class Speedometer:
    """Rows per second over the last moments."""

    _marks: list[tuple[float, int]] = field(default_factory=list)

    def add(self, rows: int) -> None:
        """Count *rows* now."""
        self._marks.append((time.monotonic(), rows))

    def read(self) -> int:
        """Return the speed, 0 when nothing moved."""
        since = time.monotonic() - WINDOW.total_seconds()
        self._marks = [mark for mark in self._marks if mark[0] >= since]
        if not self._marks:
            return 0
        seconds = max(time.monotonic() - self._marks[0][0], 0.1)
        return round(sum(rows for _, rows in self._marks) / seconds)


def save(
    record: MoveRecord, *, positions: Mapping[int, Position], entries: int, age: timedelta, speed: int
) -> None:
    """Put the figures down for `status`."""
    using = config().database
    record.lag_entries, record.lag_ms = entries, round(age.total_seconds() * 1000)
    record.rows_per_second = speed
    MoveRecord.objects.using(using).filter(pk=record.pk).update(
        lag_entries=record.lag_entries, lag_ms=record.lag_ms, rows_per_second=speed
    )
    tables = MoveTable.objects.using(using).filter(move=record)
    for number, position in positions.items():
        row = tables.filter(number=number)
        row.update(rows_copied=position.rows_copied, rows_followed=position.rows_followed)
        if position.is_complete:
            row.filter(copied_at=None).update(copied_at=read_now(using))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """How far one table is; *estimated* rows are InnoDB's or the planner's guess."""

    source: str
    target: str
    copied: int
    followed: int
    estimated: int
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStatus:
    """How far a move is.

    Args:
        blocked: why it does not go on, by name; empty when it does.
        remaining: until all is copied, at the present speed; None when nobody can tell.
    """

    service: str
    move: int
    stage: MoveStage
    is_replica: bool
    tables: tuple[TableStatus, ...]
    lag_entries: int
    lag: timedelta
    rows_per_second: int
    holder: str
    blocked: tuple[str, ...]
    remaining: timedelta | None
    limits: Mapping[str, int]
    events: tuple[tuple[datetime, str, str, str], ...]

    @property
    def copied(self) -> int:
        """Rows copied of all tables."""
        return sum(table.copied for table in self.tables)

    @property
    def total(self) -> int:
        """Rows that there are about; never fewer than are copied."""
        return sum(
            table.copied if table.is_complete else max(table.copied, table.estimated) for table in self.tables
        )


def status(record: MoveRecord) -> MoveStatus:
    """Return how far the move *record* is, by what its holder measured last."""
    using = config().database
    record.refresh_from_db(using=using)
    tables = tuple(_table(row) for row in MoveTable.objects.using(using).filter(move=record))
    is_held = record.leased_until is not None and record.leased_until > read_now(using)
    events = MoveEvent.objects.using(using).filter(move=record)[:5]
    return MoveStatus(
        service=record.service,
        move=record.pk,
        stage=record.at,
        is_replica=record.is_replica,
        tables=tables,
        lag_entries=record.lag_entries,
        lag=timedelta(milliseconds=record.lag_ms),
        rows_per_second=record.rows_per_second if is_held else 0,
        holder=record.holder if is_held else "",
        blocked=tuple(_blocked(record, is_held=is_held)),
        remaining=_remaining(record, tables) if is_held else None,
        limits={name: getattr(record, f"max_{name}") for name in LIMITS if getattr(record, f"max_{name}")},
        events=tuple((event.at, event.what, event.reason, event.actor) for event in events),
    )


LIMITS = ("rows_per_second", "replica_lag_ms", "running_threads")


def _table(row: MoveTable) -> TableStatus:
    return TableStatus(
        source=row.source_table,
        target=row.target_table,
        copied=row.rows_copied,
        followed=row.rows_followed,
        estimated=row.rows_estimated,
        is_complete=row.copied_at is not None,
    )


def _blocked(record: MoveRecord, *, is_held: bool) -> list[str]:
    reasons = [f"{record.pause_name}: {record.pause_reason}".rstrip(": ")] if record.is_paused else []
    if not is_held and not record.at.is_final:
        reasons.append(f"nobody works on it: strangler move {record.service} start")
    return reasons


def _remaining(record: MoveRecord, tables: tuple[TableStatus, ...]) -> timedelta | None:
    left = sum(max(0, table.estimated - table.copied) for table in tables if not table.is_complete)
    if record.at is not MoveStage.COPYING or not record.rows_per_second:
        return None
    return timedelta(seconds=round(left / record.rows_per_second))
