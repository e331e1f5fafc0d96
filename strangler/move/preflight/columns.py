"""Columns that are missing on the target, or would lose something there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.dialects.base import Column, Kind
from strangler.move.preflight.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strangler.move.databases import Pair
    from strangler.move.tables import TablePair

# What may stand for what: the target's kind must be the source's, or one of these.
_STAND_INS = {
    Kind.BOOLEAN: {Kind.INTEGER},
    Kind.INTEGER: {Kind.BOOLEAN, Kind.DECIMAL},
    Kind.TEXT: {Kind.UUID, Kind.JSON},
    Kind.JSON: {Kind.TEXT},
    Kind.UUID: {Kind.TEXT},
    Kind.INTERVAL: {Kind.INTEGER},
}
_UNICODE = ("utf8mb4",)


def refuse_columns(each: TablePair, *, pair: Pair) -> Iterator[Refusal]:
    """Refuse what the target lacks or can't hold, column for column."""
    targets = {column.name: column for column in each.target.columns}
    for column in each.source.stored:
        target = targets.get(column.name)
        if target is None:
            yield _refusal(
                each, "missing-column", f"the target has no column {column.name}.", "Add it there."
            )
        else:
            yield from _pair(each, column, target, pair=pair)
    for column in each.target.stored:
        if column.name not in {other.name for other in each.source.columns} and _is_required(column):
            reason = f"the target's column {column.name} needs a value that the source does not have."
            yield _refusal(each, "required-column", reason, "Give it a default, or allow NULL.")


def _pair(each: TablePair, source: Column, target: Column, *, pair: Pair) -> Iterator[Refusal]:
    if target.is_generated:
        reason = f"column {source.name} is computed on the target, so it can't be written."
        yield _refusal(
            each, "generated-column", reason, "Make it a plain column there, or computed on both ends."
        )
    if source.kind is Kind.OTHER:
        reason = f"column {source.name} is of type {source.definition}, which no move can carry."
        yield _refusal(each, "unknown-type", reason, "Leave the table where it is, or turn it into text.")
    elif target.kind is not source.kind and target.kind not in _STAND_INS.get(source.kind, ()):
        reason = f"column {source.name} is {source.definition} on the source and {target.definition} on the target."
        yield _refusal(each, "other-type", reason, "Make them the same.")
    elif loss := _loss(source, target):
        reason = f"column {source.name} would lose {loss}: {source.definition} → {target.definition}."
        yield _refusal(each, "precision-loss", reason, "Make the target's column as large.")
    if source.is_nullable and not target.is_nullable:
        reason = f"column {source.name} may be NULL on the source and not on the target."
        yield _refusal(each, "null-refused", reason, "Allow NULL there, or forbid it here.")
    if pair.source.name == pair.target.name == "mysql":
        yield from _text(each, source, target)


def _is_required(column: Column) -> bool:
    return not column.is_nullable and column.default is None and not column.is_automatic


def _loss(source: Column, target: Column) -> str:
    """Return what a value would lose, by the types alone; empty for nothing."""
    if source.kind is not target.kind:
        return ""
    if target.length is not None and (source.length is None or source.length > target.length):
        return "its end"
    name, is_lost = _LOSSES.get(source.kind, ("", lambda *_: False))
    return name if is_lost(source, target) else ""


def _is_coarser(source: Column, target: Column) -> bool:
    return (source.precision or 0) > (target.precision or 0)


def _is_wider(source: Column, target: Column) -> bool:
    """Whether a decimal has more digits before or after the point; those without a limit have all."""
    if target.precision is None or source.precision is None:
        return target.precision is not None
    whole = source.precision - (source.scale or 0) > target.precision - (target.scale or 0)
    return whole or (source.scale or 0) > (target.scale or 0)


def _bits(column: Column) -> float:
    """Return how many bits a column's largest value needs; half a bit more than signed ones for unsigned."""
    return (column.precision or 0) + (0.5 if column.is_unsigned else 0)


_LOSSES: dict[Kind, tuple[str, Callable[[Column, Column], bool]]] = {
    Kind.FLOAT: ("digits", _is_coarser),
    Kind.DECIMAL: ("digits", _is_wider),
    Kind.DATETIME: ("fractions of a second", _is_coarser),
    Kind.TIME: ("fractions of a second", _is_coarser),
    Kind.INTEGER: ("large numbers", lambda source, target: _bits(source) > _bits(target)),
}


def _text(each: TablePair, source: Column, target: Column) -> Iterator[Refusal]:
    if not source.charset or not target.charset:
        return
    if target.charset not in (source.charset, *_UNICODE):
        reason = f"column {source.name} is {source.charset} on the source and {target.charset} on the target."
        yield _refusal(each, "charset-loss", reason, "Make the target's utf8mb4.")
    keys = {name for unique in each.target.uniques for name in unique.columns} | {*each.target.primary_key}
    if source.collation != target.collation and source.name in keys:
        reason = (
            f"unique column {source.name} compares by {source.collation} here and {target.collation} there."
        )
        yield _refusal(each, "collation-conflict", reason, "Give both the same collation.")


def _refusal(each: TablePair, name: str, reason: str, action: str) -> Refusal:
    return Refusal(name=name, table=each.source.name, reason=reason, action=action)
