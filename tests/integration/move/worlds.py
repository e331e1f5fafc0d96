"""Two databases and a move between them, for tests of any engine."""

from __future__ import annotations

from contextlib import contextmanager

from strangler.core.stages import MoveStage
from strangler.move import laying
from strangler.move.databases import Pair, connection_to, dialect_of
from strangler.move.dialects.base import Statement
from strangler.move.runner import Runner
from strangler.move.tables import TablePair


class World:
    """A source and a target with tables of the same names."""

    def __init__(self, source_url, target_url):
        self.source_url, self.target_url = source_url, target_url
        self.pair = self.open()
        self.site = dialect_of(connection_to(source_url, alias="site"))  # what the monolith's requests do

    def open(self):
        """Return new connections to both ends, as a move opens them."""
        source = dialect_of(connection_to(self.source_url, alias="source"))
        target = dialect_of(connection_to(self.target_url, alias="target"))
        source.open_source()
        target.open_target()
        return Pair(source=source, target=target)

    def close(self):
        self.pair.close()
        self.site.connection.close()

    def both(self, *statements):
        """Run statements on source and target."""
        for sql in statements:
            self.pair.source.execute(Statement(sql=sql))
            self.pair.target.execute(Statement(sql=sql))

    def write(self, sql, *params):
        """Run a statement as the site would, committed at once."""
        return self.site.execute(Statement(sql=sql, params=params))

    def write_many(self, sql, rows):
        with self.site.cursor() as cursor:
            cursor.executemany(sql, rows)

    def rows(self, end, table, columns="*", order="1"):
        dialect = {"source": self.pair.source, "target": self.pair.target}[end]
        return dialect.fetch(Statement(sql=f"SELECT {columns} FROM {table} ORDER BY {order}"))

    def same(self, table, columns="*", order="1"):
        """Whether both ends hold the same rows, as their drivers read them."""
        return self.rows("source", table, columns, order) == self.rows("target", table, columns, order)

    def count(self, end, table):
        return self.rows(end, table, "COUNT(*)")[0][0]

    def tables(self, *names):
        """Return the pairs of tables, numbered in the given order; a name may be ``source=target``."""
        pairs = []
        for number, name in enumerate(names, start=1):
            source, _, target = name.partition("=")
            pairs.append(
                TablePair(
                    number=number,
                    source=self.pair.source.introspect(source),
                    target=self.pair.target.introspect(target or source),
                )
            )
        return pairs

    def move(self, *names):
        """Write a move of the tables down and return its record."""
        return laying.create(
            "images", tables=self.tables(*names), is_replica=False, pair=self.pair, actor="tests"
        )

    def runner(self, record, **options):
        return Runner(record=record, pair=self.pair, actor="tests", **options)

    def run(self, record, until=MoveStage.FOLLOWING):
        """Work on the move until it follows and no change waits."""
        self.runner(record).run(until=until)


@contextmanager
def world(source_url, target_url):
    made = World(source_url, target_url)
    try:
        yield made
    finally:
        made.close()
