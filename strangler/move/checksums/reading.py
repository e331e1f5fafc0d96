"""Ask one side for its sums, digests and rows.

Note [Buckets]: rows are put into buckets by their key, and each bucket has its sums. With one whole-number key a
bucket is a range of keys, so that its rows are found by the index. With any other key it is the beginning of the key's
MD5, which is the same in every engine and collation; two engines that sort texts differently can't agree on ranges.
Each side goes through its own primary key page by page, in its own order, and adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from strangler.move.checksums.columns import Column, Family, Table
from strangler.move.checksums.json_form import canonical
from strangler.move.checksums.mysql import MySQLDialect
from strangler.move.checksums.pairs import Form, Pair
from strangler.move.checksums.postgres import PostgresDialect
from strangler.move.checksums.sqlite import SQLiteDialect
from strangler.move.checksums.sums import Sums, digest, halves, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.move.checksums.base import Dialect
    from strangler.move.dialects.base import Statement

PAGE_ROWS = 20_000
RANGES_AT_A_TIME = 100
KEYS_AT_A_TIME = 500
DIALECTS: dict[str, Dialect] = {
    "mysql": MySQLDialect(),
    "postgresql": PostgresDialect(),
    "sqlite": SQLiteDialect(),
}

Bucket = int | str
Key = tuple[str, ...]
Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """How keys are put into buckets, the same way on both sides. See Note [Buckets].

    Args:
        width: keys per bucket; 0 takes the beginning of the key's MD5 instead.
        digits: how many hexadecimals of it.
    """

    width: int = 0
    digits: int = 0

    def bucket_of(self, key: str) -> Bucket:
        """Return the bucket of a key: of its only text, or of the record of its texts."""
        if not self.width:
            return digest(key)[: self.digits]
        number = int(key)
        return number // self.width if number >= 0 else -(-number // self.width)

    def bounds(self, bucket: int) -> tuple[int, int]:
        """Return the first and the last key of a bucket; the one at zero reaches to both sides."""
        low = bucket * self.width if bucket > 0 else (bucket - 1) * self.width + 1
        high = (bucket + 1) * self.width - 1 if bucket >= 0 else bucket * self.width
        return low, high


class Side:
    """One table of one side, read over a connection that is used for nothing else.

    Every method is one or a few statements; none holds a transaction open.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        *,
        table: Table,
        columns: Sequence[Column],
        pairs: Sequence[Pair],
        keys: Sequence[Pair],
    ) -> None:
        """Take the table with its *columns* in the order of *pairs*; *keys* are the pairs of the primary key."""
        self._connection = connection
        self._dialect = DIALECTS[connection.vendor]
        self._pairs = pairs
        self._keys = keys
        self._columns = dict(zip((pair.name for pair in pairs), columns, strict=True))
        self._table = self._quote(table.name)
        self._is_digested = self._dialect.can_digest and all(pair.form is not Form.JSON for pair in pairs)

    def count(self) -> int:
        """Return how many rows there are."""
        return int(self._query(f"SELECT COUNT(*) FROM {self._table}")[0][0])

    def span(self) -> int:
        """Return how many whole numbers lie between the smallest key and the largest, both counted."""
        (key,) = self._key_names
        low, high = self._query(f"SELECT MIN({key}), MAX({key}) FROM {self._table}")[0]
        return 0 if low is None else int(high) - int(low) + 1

    def sums(self, partition: Partition, *, progress: Callable[[int], None]) -> dict[Bucket, Sums]:
        """Return the sums of every bucket that has rows, page by page in the order of the primary key.

        Args: progress: called after each page with the number of its rows.
        """
        found: dict[Bucket, Sums] = {}
        read = self._page_sums if self._is_digested else self._page_sums_here
        for where, parameters in self._pages():
            rows = 0
            for bucket, *values in read(partition, where, parameters):
                found[bucket] = found.get(bucket, Sums()).plus(*values)
                rows += values[0]
            progress(rows)
        return found

    def digests(self, partition: Partition, buckets: Sequence[Bucket]) -> dict[Key, str]:
        """Return key → digest of all rows of *buckets*."""
        found: dict[Key, str] = {}
        for where, parameters in self._find_buckets(partition, buckets):
            found |= self._digests(where, parameters)
        return found

    def rows(self, keys: Sequence[Key]) -> dict[Key, Values]:
        """Return key → canonical texts, in the order of the pairs, of those rows that are there."""
        found: dict[Key, Values] = {}
        places = [self._dialect.placeholder(self._columns[pair.name], pair.form) for pair in self._keys]
        for start in range(0, len(keys), KEYS_AT_A_TIME):
            chosen = keys[start : start + KEYS_AT_A_TIME]
            where, parameters = self._where_keys(places, chosen)
            found |= dict(self._read(where, parameters))
        return found

    def rows_where(self, condition: Statement) -> dict[Key, Values]:
        """Return key → canonical texts of the rows that meet *condition*."""
        return dict(self._read(condition.sql, list(condition.params)))

    # -- the expressions of this side

    def _quote(self, name: str) -> str:
        return str(self._connection.ops.quote_name(name)).replace("%", "%%")

    @cached_property
    def _key_names(self) -> list[str]:
        return [self._quote(self._columns[pair.name].name) for pair in self._keys]

    @cached_property
    def _key_list(self) -> str:
        return ", ".join(self._key_names)

    def _expression(self, pair: Pair) -> str:
        column = self._columns[pair.name]
        form = Form.TEXT if pair.form is Form.JSON else pair.form
        return self._dialect.encode(column, form, scale=pair.scale, quoted=self._quote(column.name))

    def _record(self, pairs: Sequence[Pair]) -> str:
        closed = self._dialect.closed
        return self._dialect.record(
            [(self._expression(pair), pair.is_nullable, pair.form in closed) for pair in pairs]
        )

    @cached_property
    def _key_text(self) -> str:
        """The text that a key's MD5 is taken of."""
        return self._record(self._keys)

    def _bucket(self, partition: Partition) -> tuple[str, list[Any]]:
        if partition.width:
            return self._dialect.bucket(self._key_names[0]), [partition.width]
        return f"SUBSTR({self._dialect.md5(self._key_text)}, 1, %s)", [partition.digits]

    # -- going through the table

    def _pages(self) -> Iterator[tuple[str, list[Any]]]:
        """Yield conditions that cover the table, each about `PAGE_ROWS` rows of the primary key."""
        last: tuple[Any, ...] | None = None
        while True:
            after, parameters = self._after(last)
            following = self._query(
                f"SELECT {self._key_list} FROM {self._table} WHERE {after} "
                f"ORDER BY {self._key_list} LIMIT 1 OFFSET {PAGE_ROWS - 1}",
                parameters,
            )
            if not following:
                yield after, parameters
                return
            until, more = self._compare("<=", following[0])
            yield f"{after} AND {until}", [*parameters, *more]
            last = following[0]

    def _after(self, last: tuple[Any, ...] | None) -> tuple[str, list[Any]]:
        return ("1 = 1", []) if last is None else self._compare(">", last)

    def _compare(self, operator: str, key: tuple[Any, ...]) -> tuple[str, list[Any]]:
        """Return the condition that the key is beyond *key*, column by column.

        The first column is compared once more alone: MariaDB uses an index for that, and not for the rest.
        """
        strict = operator.rstrip("=")
        steps: list[str] = []
        parameters: list[Any] = []
        for number, name in enumerate(self._key_names):
            is_last = number == len(key) - 1
            same = [f"{each} = %s" for each in self._key_names[:number]]
            steps.append(" AND ".join([*same, f"{name} {operator if is_last else strict} %s"]))
            parameters += key[: number + 1]
        if len(key) == 1:
            return steps[0], parameters
        return f"{self._key_names[0]} {strict}= %s AND (({') OR ('.join(steps)}))", [key[0], *parameters]

    def _page_sums(
        self, partition: Partition, where: str, parameters: list[Any]
    ) -> Iterator[tuple[Any, int, int, int]]:
        bucket, more = self._bucket(partition)
        statement = self._dialect.sums(
            bucket=bucket, record=self._record(self._pairs), source=f"{self._table} WHERE {where}"
        )
        for found, count, first, second in self._query(statement, [*more, *parameters]):
            yield found if isinstance(found, str) else int(found), int(count), int(first), int(second)

    def _page_sums_here(
        self, partition: Partition, where: str, parameters: list[Any]
    ) -> Iterator[tuple[Any, int, int, int]]:
        for key, text in self._digests(where, parameters).items():
            name = key[0] if partition.width else record(self._fields(self._keys, key))
            yield partition.bucket_of(name), 1, *halves(text)

    def _digests(self, where: str, parameters: list[Any]) -> dict[Key, str]:
        if not self._is_digested:
            return {
                key: digest(record(self._fields(self._pairs, values)))
                for key, values in self._read(where, parameters)
            }
        shown = ", ".join(self._dialect.text(self._expression(pair)) for pair in self._keys)
        whole = self._dialect.md5(self._record(self._pairs))
        rows = self._query(f"SELECT {shown}, {whole} FROM {self._table} WHERE {where}", parameters)
        return {tuple(row[:-1]): row[-1] for row in rows}

    def _fields(self, pairs: Sequence[Pair], values: Values) -> list[tuple[str | None, bool, bool]]:
        closed = self._dialect.closed
        return [
            (_canonical(pair, value), pair.is_nullable, pair.form in closed)
            for pair, value in zip(pairs, values, strict=True)
        ]

    def _read(self, where: str, parameters: list[Any]) -> Iterator[tuple[Key, Values]]:
        shown = ", ".join(self._dialect.text(self._expression(pair)) for pair in [*self._keys, *self._pairs])
        keys = len(self._keys)
        for row in self._query(f"SELECT {shown} FROM {self._table} WHERE {where}", parameters):
            yield tuple(row[:keys]), tuple(row[keys:])

    # -- finding rows again

    def _find_buckets(
        self, partition: Partition, buckets: Sequence[Bucket]
    ) -> Iterator[tuple[str, list[Any]]]:
        if not partition.width:
            yield from self._find_by_digest(partition, buckets)
            return
        ranges = _merge(sorted(partition.bounds(int(bucket)) for bucket in buckets))
        for start in range(0, len(ranges), RANGES_AT_A_TIME):
            chosen = ranges[start : start + RANGES_AT_A_TIME]
            where = " OR ".join([f"{self._key_names[0]} BETWEEN %s AND %s"] * len(chosen))
            yield where, [bound for pair in chosen for bound in pair]

    def _find_by_digest(
        self, partition: Partition, buckets: Sequence[Bucket]
    ) -> Iterator[tuple[str, list[Any]]]:
        bucket, more = self._bucket(partition)
        places = ", ".join(["%s"] * len(buckets))
        for where, parameters in self._pages():
            yield f"{where} AND {bucket} IN ({places})", [*parameters, *more, *buckets]

    def _where_keys(self, places: Sequence[str], keys: Sequence[Key]) -> tuple[str, list[Any]]:
        flat = [text for key in keys for text in key]
        if len(places) == 1:
            return f"{self._key_names[0]} IN ({', '.join([places[0]] * len(keys))})", flat
        one = " AND ".join(f"{name} = {place}" for name, place in zip(self._key_names, places, strict=True))
        return f"({') OR ('.join([one] * len(keys))})", flat

    def _query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, tuple(parameters))
            return list(cursor.fetchall())


def has_number_key(keys: Sequence[Pair]) -> bool:
    """Return whether the primary key is one whole number on both sides."""
    return len(keys) == 1 and all(
        column.family is Family.INTEGER for column in (keys[0].source, keys[0].target)
    )


def _canonical(pair: Pair, value: str | None) -> str | None:
    return canonical(value) if pair.form is Form.JSON and value is not None else value


def _merge(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that touch."""
    merged: list[tuple[int, int]] = []
    for low, high in ranges:
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
