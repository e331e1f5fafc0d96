"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from strangler.move.checksums import Remark


class Kind(StrEnum):
    """How a row differs."""

    MISSING = "missing"  # the target lacks it
    EXTRA = "extra"  # only the target has it
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """One row that differs.

    Args:
        table: the source's table.
        key: canonical texts of the primary key, in its order.
        kind: how it differs.
        columns: column → canonical text on the source and on the target, of a changed row.
    """

    table: str
    key: tuple[str, ...]
    kind: Kind
    columns: Mapping[str, tuple[str | None, str | None]]

    def __str__(self) -> str:
        """Return the sentence an operator reads."""
        place = f"{self.table} {', '.join(self.key)}: {self.kind}"
        values = (f"{name} {source!r} → {target!r}" for name, (source, target) in self.columns.items())
        return f"{place} {', '.join(values)}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What was found in one table.

    Args:
        table, target_table: its names on both sides.
        source_rows, target_rows: how many each side has.
        differences: every row that differs, up to the limit.
        is_complete: False where the limit cut them short.
        losses: what the target's types can't hold, column by column, whether or not a row has it.
        accepted: what differs in form only and is accepted by name.
        accepted_rows: how many rows were accepted one by one.
        moving: how many rows changed at every look, so that nothing can be said of them while writers go on.
    """

    table: str
    target_table: str
    source_rows: int
    target_rows: int
    differences: tuple[RowDifference, ...] = ()
    is_complete: bool = True
    losses: tuple[Remark, ...] = ()
    accepted: tuple[Remark, ...] = ()
    accepted_rows: int = 0
    moving: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether no row differs."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one verification of all tables found.

    Args:
        began_at, ended_at: in UTC. Writes that came after the beginning may not have been seen.
    """

    tables: tuple[TableReport, ...]
    began_at: datetime
    ended_at: datetime

    @property
    def is_equal(self) -> bool:
        """Whether no row of any table differs."""
        return all(table.is_equal for table in self.tables)

    @property
    def rows(self) -> int:
        """How many rows of the source were compared."""
        return sum(table.source_rows for table in self.tables)

    @property
    def differences(self) -> int:
        """How many rows differ."""
        return sum(len(table.differences) for table in self.tables)

    @property
    def took(self) -> timedelta:
        """How long it took."""
        return self.ended_at - self.began_at
