"""Say whether one row differs between two sides, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.checksums.columns import Family
from strangler.move.checksums.json_form import differs_in_form_only
from strangler.move.checksums.pairs import Pair, are_equal
from strangler.move.report import Kind, RowDifference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.move.checksums.reading import Key, Values


def find_difference(
    key: Key, source: Values | None, target: Values | None, *, table: str, pairs: Sequence[Pair]
) -> tuple[RowDifference | None, Sequence[Pair]]:
    """Compare the canonical texts of one row.

    Args:
        key, table: of the row, for the report.
        source, target: texts in the order of *pairs*; None where there is no such row.
    Returns: what differs, or None; and the pairs of columns whose difference is accepted by name.
    """
    if source is None and target is None:
        return None, ()
    if source is None or target is None:
        kind = Kind.EXTRA if source is None else Kind.MISSING
        return RowDifference(table=table, key=key, kind=kind, columns={}), ()
    unequal = [
        (pair, (one, other))
        for pair, one, other in zip(pairs, source, target, strict=True)
        if not are_equal(pair, one, other)
    ]
    accepted = [pair for pair, texts in unequal if _is_accepted(pair, *texts)]
    columns = {pair.name: texts for pair, texts in unequal if pair not in accepted}
    if columns:
        return RowDifference(table=table, key=key, kind=Kind.CHANGED, columns=columns), ()
    return None, accepted


def _is_accepted(pair: Pair, source: str | None, target: str | None) -> bool:
    return pair.source.family is Family.JSON and differs_in_form_only(source, target)
