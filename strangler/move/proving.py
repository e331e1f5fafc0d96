"""Compare what was followed since the verification, by content: most of it before the fence is locked, the rest behind it.

See Note [Proof] in `notes`.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.errors import MoveError
from strangler.move.checksums import Side, pair_columns
from strangler.move.checksums.introspection import read_table
from strangler.move.checksums.reading import DIALECTS, KEYS_AT_A_TIME
from strangler.move.databases import source_connection, target_connection
from strangler.move.dialects.base import Kind
from strangler.move.differences import find_difference
from strangler.move.notes import AT_ONCE, Notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.move.checksums import Pair as ColumnPair
    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Key
    from strangler.move.notes import Note
    from strangler.move.report import RowDifference
    from strangler.move.tables import TablePair

SHOWN = 3
PORTION = 10_000
READ_AT_ONCE = 2_000_000  # characters of notes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readers:
    """One table, ready to be read on both sides without asking anything else before."""

    table: TablePair
    columns: Sequence[ColumnPair]
    sides: tuple[Side, Side]

    @property
    def has_plain_keys(self) -> bool:
        """Whether a key's canonical text is that of its values: of numbers, not of what a collation or a type writes otherwise."""
        shapes = (self.table.source, self.table.target)
        return all(column.kind is Kind.INTEGER for shape in shapes for column in shape.key_columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many *keys* were compared, how many of them are *differing*, and how many are *left* to be compared."""

    keys: int
    differing: int
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """Compares rows by content for one switch or reverse.

    Args:
        pair: whose dialects find rows by the keys that are followed.
        notes: on its target.
        readers: number of a table → what reads it.
        beginning: of the notes, when this prover was made.
        service: for messages.
    """

    pair: Pair
    notes: Notes
    readers: Mapping[int, _Readers]
    beginning: str
    service: str

    def lessen(self) -> Iterator[Compared]:
        """Compare the rows noted until now, about `PORTION` keys at a time, while writers go on.

        Keys of rows that differ stay noted: they change just now. Of the notes no more than `READ_AT_ONCE` are in memory, so
        what is left is an estimate until the last of them are.
        """
        sizes = self.notes.sizes()
        characters, read, keys_read = sum(sizes.values()), 0, 0
        for ids in _batches(sizes):
            notes = self.notes.read(ids)
            read += sum(sizes[id_] for id_ in ids)
            keys_read += sum(len(note.keys) for note in notes)
            unread = -(
                -keys_read * (characters - read) // max(read, 1)
            )  # if the others are like those that were read
            left = unread + sum(len(note.keys) for note in notes)
            for some in _portions(notes):
                noted = _by_table(some)
                differing = {
                    number: [key for key, _ in self._differing(number, keys)]
                    for number, keys in noted.items()
                }
                self.notes.replace(some, differing)
                left -= sum(len(note.keys) for note in some)
                yield Compared(keys=_count(noted), differing=_count(differing), left=left)

    def prove(self) -> int:
        """Compare what is still noted, behind the fence; return how many keys there were.

        Raises:
            MoveError: a row differs, or nobody can know, since the notes are not those of the verification.
        """
        if not self.beginning or self.notes.beginning() != self.beginning:
            raise MoveError("it was verified anew meanwhile. Try again after that.", move=self.service)
        keys = _by_table(self.notes.read())
        for number, some in keys.items():
            found = [each for slice_ in _slices(some) for each in self._compare(number, slice_)]
            if found:
                self._refuse(found)
        return _count(keys)

    def _refuse(self, found: Sequence[RowDifference]) -> None:
        shown = "; ".join(str(each) for each in found[:SHOWN])
        message = f"{len(found)} rows that changed since the verification differ: {shown}. Verify again."
        raise MoveError(message, move=self.service)

    def _differing(self, number: int, keys: Sequence[Key]) -> list[tuple[Key, RowDifference]]:
        """Return those of *keys* whose rows differ now.

        In a storm every slice has some, and whoever then asks for row after row is slower than the storm.
        """
        return [pair for some in _slices(keys) for pair in self._find(number, some)]

    def _find(self, number: int, keys: Sequence[Key]) -> list[tuple[Key, RowDifference]]:
        found = self._compare(number, keys)
        if not found or len(keys) == 1:
            return [(keys[0], each) for each in found]
        if self.readers[number].has_plain_keys:
            known = {tuple(map(str, key)): key for key in keys}
            return [(known[each.key], each) for each in found]
        middle = len(keys) // 2
        return self._find(number, keys[:middle]) + self._find(number, keys[middle:])

    def _compare(self, number: int, keys: Sequence[Key]) -> list[RowDifference]:
        readers = self.readers[number]
        shapes = (readers.table.source, readers.table.target)
        ends = (self.pair.source, self.pair.target)
        one, other = (
            side.rows_where(end.among(shape, keys))
            for side, end, shape in zip(readers.sides, ends, shapes, strict=True)
        )
        name = readers.table.source.name
        found = (
            find_difference(key, one.get(key), other.get(key), table=name, pairs=readers.columns)[0]
            for key in {**one, **other}
        )
        return [difference for difference in found if difference]


def _by_table(notes: Sequence[Note]) -> dict[int, list[Key]]:
    """Return number of a table → its noted keys, each once."""
    keys: dict[int, dict[Key, None]] = {}
    for note in notes:
        keys.setdefault(note.number, {}).update(dict.fromkeys(note.keys))
    return {number: list(some) for number, some in keys.items()}


def _batches(sizes: Mapping[str, int]) -> Iterator[Sequence[str]]:
    """Yield the ids of notes in batches that can be read at once."""
    some: list[str] = []
    characters = 0
    for id_, size in sizes.items():
        if some and (characters + size > READ_AT_ONCE or len(some) == AT_ONCE):
            yield some
            some, characters = [], 0
        some.append(id_)
        characters += size
    if some:
        yield some


def _portions(notes: Sequence[Note]) -> Iterator[Sequence[Note]]:
    some: list[Note] = []
    for note in notes:
        some.append(note)
        if sum(len(each.keys) for each in some) >= PORTION:
            yield some
            some = []
    if some:
        yield some


def _count(keys: Mapping[int, Sequence[Key]]) -> int:
    return sum(len(some) for some in keys.values())


def _slices(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for start in range(0, len(keys), KEYS_AT_A_TIME):
        yield keys[start : start + KEYS_AT_A_TIME]


@contextmanager
def proving(pair: Pair, *, tables: Sequence[TablePair], move: int, service: str) -> Iterator[Prover]:
    """Make ready to compare the rows of *tables*, so that nothing but the rows is read while writers wait.

    Rows are read over connections of their own, with sessions that show values as they are. On SQLite they are those of
    *pair*: behind the fence no other can see what they wrote.
    """
    with ExitStack() as stack:
        connections = _connections(pair, service=service, stack=stack)
        for connection in connections:
            DIALECTS[connection.vendor].open(connection)
        notes = Notes(target=pair.target, move=move)
        yield Prover(
            pair=pair,
            notes=notes,
            readers={table.number: _readers(table, connections) for table in tables},
            beginning=notes.beginning(),
            service=service,
        )


def _connections(
    pair: Pair, *, service: str, stack: ExitStack
) -> tuple[BaseDatabaseWrapper, BaseDatabaseWrapper]:
    if pair.source.name == "sqlite":
        return pair.source.connection, pair.target.connection
    here, there = source_connection(), target_connection(service)
    stack.callback(here.close)
    stack.callback(there.close)
    return (there, here) if pair.is_backward else (here, there)


def _readers(table: TablePair, connections: tuple[BaseDatabaseWrapper, BaseDatabaseWrapper]) -> _Readers:
    names = (table.source.name, table.target.name)
    source, target = (read_table(*each) for each in zip(connections, names, strict=True))
    is_one_engine = len({connection.vendor for connection in connections}) == 1
    columns = pair_columns(source, target, is_one_engine=is_one_engine)
    keys = [column for name in source.key for column in columns if column.name == name]
    chosen = ([column.source for column in columns], [column.target for column in columns])
    one, other = (
        Side(connection, table=each, columns=some, pairs=columns, keys=keys)
        for connection, each, some in zip(connections, (source, target), chosen, strict=True)
    )
    return _Readers(table=table, columns=columns, sides=(one, other))
