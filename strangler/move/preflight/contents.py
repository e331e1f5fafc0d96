"""What the rows themselves could run into on the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.dialects.base import Kind, Statement
from strangler.move.preflight.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Unique
    from strangler.move.tables import TablePair


def refuse_contents(each: TablePair, *, pair: Pair) -> Iterator[Refusal]:
    """Refuse a target with rows, and unique constraints that the source's rows break already."""
    name = pair.target.quote(each.target.name)
    if pair.target.fetch(Statement(sql=f"SELECT 1 FROM {name} LIMIT 1")):  # noqa: S608
        yield Refusal(
            name="target-not-empty",
            table=each.target.name,
            reason="there are rows on the target already.",
            action="Empty it; a move never mixes its rows with others.",
        )
    ours = {frozenset(unique.columns) for unique in each.source.uniques}
    for unique in each.target.uniques:
        if frozenset(unique.columns) not in ours:
            yield from _duplicates(each, unique, pair=pair)
    if pair.source.name == "mysql" and pair.target.name == "postgresql":
        yield from _zeros(each, pair=pair)


def _duplicates(each: TablePair, unique: Unique, *, pair: Pair) -> Iterator[Refusal]:
    columns = ", ".join(unique.columns)
    reason = f"the target's {unique.name} makes ({columns}) unique, which the source does not."
    action = "Make it unique on the source first, or not on the target."
    if not set(unique.columns) <= set(each.columns):
        return
    names = ", ".join(pair.source.quote(column) for column in unique.columns)
    present = " AND ".join(f"{pair.source.quote(column)} IS NOT NULL" for column in unique.columns)
    sql = (
        f"SELECT 1 FROM {pair.source.quote(each.source.name)} WHERE {present} "  # noqa: S608
        f"GROUP BY {names} HAVING COUNT(*) > 1 LIMIT 1"
    )
    if pair.source.fetch(Statement(sql=sql)):
        reason += " There are duplicates now."
    yield Refusal(name="unique-conflict", table=each.source.name, reason=reason, action=action)


def _zeros(each: TablePair, *, pair: Pair) -> Iterator[Refusal]:
    """PostgreSQL has no zero dates and no zero characters; the first a query finds, the second shows while copying."""
    for column in each.source.stored:
        if column.kind not in (Kind.DATE, Kind.DATETIME):
            continue
        name, table = pair.source.quote(column.name), pair.source.quote(each.source.name)
        sql = f"SELECT 1 FROM {table} WHERE CAST({name} AS CHAR) LIKE '%0-00%' OR YEAR({name}) = 0 LIMIT 1"  # noqa: S608
        if pair.source.fetch(Statement(sql=sql)):
            yield Refusal(
                name="zero-date",
                table=each.source.name,
                reason=f"column {column.name} holds zero dates, which PostgreSQL does not know.",
                action="Make them NULL on the source.",
            )
