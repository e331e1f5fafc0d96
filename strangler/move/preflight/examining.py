"""Run all checks of a move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.preflight import columns, contents, cutting, servers, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.move.databases import Pair
    from strangler.move.preflight.refusals import Refusal
    from strangler.move.tables import TablePair


def examine(pairs: list[TablePair], *, pair: Pair, is_replica: bool = False) -> list[Refusal]:
    """Return every reason against moving *pairs*, and the warnings; nothing is changed.

    Args:
        is_replica: the tables stay the monolith's, so keys that cross the border stay as well.
    """
    return list(_all(pairs, pair=pair, is_replica=is_replica))


def _all(pairs: list[TablePair], *, pair: Pair, is_replica: bool) -> Iterator[Refusal]:
    moving = {each.source.name for each in pairs}
    yield from servers.refuse_engines(pair)
    yield from servers.refuse_privileges(pair)
    yield from servers.refuse_space(pairs, pair=pair)
    for each in pairs:
        if not is_replica:
            yield from cutting.refuse_crossing_keys(each, moving=moving)
        yield from tables.refuse_table(each, pair=pair)
        yield from columns.refuse_columns(each, pair=pair)
        yield from contents.refuse_contents(each, pair=pair)
    yield from servers.refuse_checked_keys(pairs, pair=pair)
