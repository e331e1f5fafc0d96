"""Say what a move would do, statement for statement, without doing any of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.errors import PreflightError
from strangler.move import laying, notes
from strangler.move.models import MoveRecord
from strangler.move.positions import CREATE
from strangler.move.preflight import Refusal, examine

if TYPE_CHECKING:
    from strangler.move.databases import Pair
    from strangler.move.tables import TablePair


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTable:
    """One table of a plan; rows and bytes are the server's estimates."""

    source: str
    target: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Statements that are run on one end; *note* says what they are for, or what no statement can show."""

    end: str
    note: str
    statements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `start` would do.

    Args:
        move: the id in the names; that of the move that is under way, or the one that comes next.
        refusals: reasons against it; with one that is no warning, `start` does nothing.
    """

    service: str
    move: int
    is_replica: bool
    tables: tuple[PlannedTable, ...]
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]

    @property
    def blocking(self) -> tuple[Refusal, ...]:
        """The refusals that are no mere warnings."""
        return tuple(refusal for refusal in self.refusals if not refusal.is_warning)


def plan(service: str, *, pair: Pair, is_replica: bool = False) -> Plan:
    """Return what moving the tables of *service* would do. Nothing is changed.

    Raises:
        MoveError: a table is missing, or nobody said which.
    """
    tables = laying.read_pairs(service, pair=pair)
    record = MoveRecord.current(service, using=config().database)
    move = record.pk if record else _next_move()
    refusals = () if record else tuple(examine(tables, pair=pair, is_replica=is_replica))
    return Plan(
        service=service,
        move=move,
        is_replica=is_replica,
        tables=tuple(_planned(table, pair=pair) for table in tables),
        steps=tuple(_steps(tables, move=move, pair=pair)),
        refusals=refusals,
    )


def begin(service: str, *, pair: Pair, is_replica: bool = False, actor: str) -> MoveRecord:
    """Return the move to *service* that is under way, or write a new one down after its preflight.

    Raises:
        PreflightError: names every reason; nothing was changed.
    """
    record = MoveRecord.current(service, using=config().database)
    if record is not None:
        return record
    tables = laying.read_pairs(service, pair=pair)
    refusals = [each for each in examine(tables, pair=pair, is_replica=is_replica) if not each.is_warning]
    if refusals:
        raise PreflightError(service, refusals=refusals)
    return laying.create(service, tables=tables, is_replica=is_replica, pair=pair, actor=actor)


def _next_move() -> int:
    last = MoveRecord.objects.using(config().database).order_by("-pk").first()
    return last.pk + 1 if last else 1


def _planned(table: TablePair, *, pair: Pair) -> PlannedTable:
    rows, size = pair.source.estimate(table.source.name)
    return PlannedTable(source=table.source.name, target=table.target.name, rows=rows, bytes=size)


def _steps(tables: list[TablePair], *, move: int, pair: Pair) -> list[Step]:
    steps = [Step(end="target", note="where positions are kept", statements=(CREATE, notes.CREATE))]
    for table in tables:
        ddl = pair.source.follow_ddl(table.source, move=move, number=table.number)
        steps.append(Step(end="source", note=f"changelog of {table.source.name}", statements=tuple(ddl)))
    for table in tables:
        columns = ", ".join(table.columns)
        steps += [
            Step(end="source", note=f"read {table.source.name} ({columns}) in the order of its primary key"),
            Step(end="target", note=f"insert into {table.target.name}, each chunk with its position"),
        ]
    steps.append(
        Step(end="both", note="follow the changelogs until the move is switched, completed or cancelled")
    )
    return steps
