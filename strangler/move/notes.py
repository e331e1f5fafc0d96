"""Which keys were followed since the last verification: what the switch still has to compare by content.

Note [Proof]: a verification proves the rows as they were when it read them. From its beginning every key that is followed is noted
beside the data, in the transaction that brings its row, so that nothing is in between: a row is as it was verified,
or it is noted. The switch compares the noted rows, most of them while writers go on and the last behind the fence.
A verification that begins takes the notes away that are older than itself, and those that nobody wants any more end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from strangler.conf import config
from strangler.move.dialects.base import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from strangler.move.dialects.base import Dialect, Key

TABLE = "strangler_note"
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (id CHAR(32) NOT NULL PRIMARY KEY, move_id BIGINT NOT NULL, "
    "number INTEGER NOT NULL, noted TEXT NOT NULL)"
)
BEGINNING = 0  # stands for a table's number in the row that says since when keys are noted
AT_ONCE = 200  # rows in one statement
LONGEST = 50_000  # bytes of keys in one row; MySQL's TEXT has 65,535


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Keys of one table that were followed together; *id* is of its row."""

    id: str
    number: int
    keys: Sequence[Key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of one move on its target."""

    target: Dialect
    move: int

    def prepare(self) -> None:
        """Make the table, unless it is there; outside of transactions."""
        self.target.execute(Statement(sql=CREATE))

    def begin(self) -> str:
        """Note every key that is followed from now on, forget those that were noted before, and return `beginning`."""
        self.prepare()
        old = [row[0] for row in self._select("id", "1 = 1")]
        mine = self._insert(BEGINNING, datetime.now(UTC).isoformat())
        self._delete(old)
        return mine

    def beginning(self) -> str:
        """Return what identifies the last `begin`; an empty text if nothing is noted."""
        return ",".join(sorted(row[0] for row in self._select("id", f"number = {BEGINNING}")))

    def add(self, number: int, keys: Sequence[Key]) -> None:
        """Note *keys* of table *number* if notes were begun; call it in the transaction that brings their rows."""
        began = [datetime.fromisoformat(row[0]) for row in self._select("noted", f"number = {BEGINNING}")]
        if not began:
            return
        if max(began) + 2 * config().verify_lifetime < datetime.now(UTC):
            self.end()  # no switch may rely on that verification any more
            return
        for text in _texts(keys):
            self._insert(number, text)

    def sizes(self) -> dict[str, int]:
        """Return the id of each note, and how many characters it has."""
        rows = self._select("id, LENGTH(noted)", f"number <> {BEGINNING}")
        return {id_: int(size) for id_, size in rows}

    def read(self, ids: Sequence[str] | None = None) -> list[Note]:
        """Return the notes of *ids*, at most `AT_ONCE`, or all of them."""
        which = f"number <> {BEGINNING}"
        if ids is not None:
            which += f" AND id IN ({', '.join(['%s'] * len(ids))})"
        return [
            Note(id=id_, number=int(number), keys=[tuple(key) for key in json.loads(noted)])
            for id_, number, noted in self._select("id, number, noted", which, *(ids or ()))
        ]

    def replace(self, notes: Sequence[Note], keys: Mapping[int, Sequence[Key]]) -> None:
        """Let only *keys* of *notes*, number of a table → keys, stay noted, in one transaction."""
        with self.target.transaction():
            for number, some in keys.items():
                for text in _texts(some):
                    self._insert(number, text)
            self._delete([note.id for note in notes])

    def end(self) -> None:
        """Forget all notes, and note no more."""
        sql = f"DELETE FROM {TABLE} WHERE move_id = %s"  # noqa: S608
        self.target.execute(Statement(sql=sql, params=(self.move,)))

    def _insert(self, number: int, text: str) -> str:
        sql = f"INSERT INTO {TABLE} (id, move_id, number, noted) VALUES (%s, %s, %s, %s)"  # noqa: S608
        id_ = uuid4().hex
        self.target.execute(Statement(sql=sql, params=(id_, self.move, number, text)))
        return id_

    def _delete(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), AT_ONCE):
            some = tuple(ids[start : start + AT_ONCE])
            sql = f"DELETE FROM {TABLE} WHERE id IN ({', '.join(['%s'] * len(some))})"  # noqa: S608
            self.target.execute(Statement(sql=sql, params=some))

    def _select(self, what: str, where: str, *params: str) -> list[tuple[str, ...]]:
        sql = f"SELECT {what} FROM {TABLE} WHERE move_id = %s AND {where}"  # noqa: S608
        return self.target.fetch(Statement(sql=sql, params=(self.move, *params)))


def _texts(keys: Sequence[Key]) -> Iterator[str]:
    """Yield *keys* as JSON, in texts that a row can hold."""
    some: list[str] = []
    length = 0
    for key in keys:
        text = json.dumps(key)
        if some and length + len(text) > LONGEST:
            yield f"[{','.join(some)}]"
            some, length = [], 0
        some.append(text)
        length += len(text) + 1
    if some:
        yield f"[{','.join(some)}]"
