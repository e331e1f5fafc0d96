"""How far each table is copied: a table on the target, whose rows commit with the data that they tell of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strangler.errors import MoveBusyError
from strangler.move.dialects.base import Statement
from strangler.move.notes import Notes

if TYPE_CHECKING:
    from strangler.move.dialects.base import Dialect, Key

TABLE = "strangler_position"
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (move_id BIGINT NOT NULL, number INTEGER NOT NULL, position TEXT NULL, "
    "rows_copied BIGINT NOT NULL, rows_followed BIGINT NOT NULL, is_complete SMALLINT NOT NULL, "
    "token BIGINT NOT NULL, PRIMARY KEY (move_id, number))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far one table is: *key* is the last that was copied, None before the first."""

    key: Key | None = None
    rows_copied: int = 0
    rows_followed: int = 0
    is_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """The rows of one move, for the holder of *token*.

    A process that lost its lease has a lower token than the row: none of its transactions can commit any more.
    """

    target: Dialect
    move: int
    token: int
    service: str

    def claim(self, numbers: list[int]) -> None:
        """Make the rows that are missing, and put this holder's token into all of them.

        Raises:
            MoveBusyError: a later holder has been here.
        """
        self.target.execute(Statement(sql=CREATE))
        Notes(target=self.target, move=self.move).prepare()
        there = {row[0] for row in self._select("number", "1 = 1")}
        for number in set(numbers) - there:
            sql = f"INSERT INTO {TABLE} VALUES (%s, %s, NULL, 0, 0, 0, %s)"  # noqa: S608
            self.target.execute(Statement(sql=sql, params=(self.move, number, self.token)))
        if self._select("token", f"token > {int(self.token)}"):
            raise MoveBusyError(self.service, holder="")
        sql = f"UPDATE {TABLE} SET token = %s WHERE move_id = %s AND token <= %s"  # noqa: S608
        self.target.execute(Statement(sql=sql, params=(self.token, self.move, self.token)))

    def read(self, number: int) -> Position:
        """Return how far table *number* is."""
        rows = self._select("position, rows_copied, rows_followed, is_complete", f"number = {int(number)}")
        if not rows:
            return Position()
        key, copied, followed, is_complete = rows[0]
        return Position(
            key=tuple(json.loads(key)) if key is not None else None,
            rows_copied=copied,
            rows_followed=followed,
            is_complete=bool(is_complete),
        )

    def copied(self, number: int, *, key: Key, rows: int) -> None:
        """Put *key* down as the last that was copied; call it first in the transaction that loads the rows.

        Raises:
            MoveBusyError: another process has the move now; roll back.
        """
        self._update(number, "position = %s, rows_copied = rows_copied + %s", (json.dumps(key), rows))

    def completed(self, number: int) -> None:
        """Put down that no row of the table is left to be copied."""
        self._update(number, "is_complete = %s", (1,))

    def followed(self, number: int, *, rows: int) -> None:
        """Count followed *rows*; call it first in the transaction that brings them."""
        self._update(number, "rows_followed = rows_followed + %s", (rows,))

    def _update(self, number: int, assignments: str, params: tuple[object, ...]) -> None:
        where = "move_id = %s AND number = %s AND token = %s"
        statement = Statement(
            sql=f"UPDATE {TABLE} SET {assignments} WHERE {where}",  # noqa: S608
            params=(*params, self.move, number, self.token),
        )
        if self.target.execute(statement) != 1:
            raise MoveBusyError(self.service, holder="")

    def _select(self, what: str, where: str) -> list[tuple[Any, ...]]:
        sql = f"SELECT {what} FROM {TABLE} WHERE move_id = %s AND {where}"  # noqa: S608
        return self.target.fetch(Statement(sql=sql, params=(self.move,)))
