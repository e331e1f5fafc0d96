"""Two databases with the same table of every kind of value, equal until a test changes one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from strangler.conf import database_from_url
from strangler.move.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strangler.move.report import Report, TableReport

_numbers = count(1)
PAIRS = ("mariadb-mariadb", "mariadb-postgres", "postgres-postgres", "sqlite-sqlite")
ROWS = 300
TYPES = {
    # column: MariaDB, PostgreSQL, SQLite
    "id": ("bigint NOT NULL PRIMARY KEY", "bigint NOT NULL PRIMARY KEY", "integer NOT NULL PRIMARY KEY"),
    "is_staff": ("tinyint(1) NOT NULL", "boolean NOT NULL", "bool NOT NULL"),
    "name": ("varchar(150) NOT NULL", "varchar(150) NOT NULL", "varchar(150) NOT NULL"),
    "note": ("longtext NULL", "text NULL", "text NULL"),
    "other": ("varchar(50) NULL", "varchar(50) NULL", "varchar(50) NULL"),
    "amount": ("decimal(10,2) NOT NULL", "numeric(10,2) NOT NULL", "decimal NOT NULL"),
    "ratio": ("double NOT NULL", "double precision NOT NULL", "real NOT NULL"),
    "single": ("float NULL", "real NULL", "real NULL"),
    "moment": ("datetime(6) NOT NULL", "timestamp with time zone NOT NULL", "datetime NOT NULL"),
    "day": ("date NULL", "date NULL", "date NULL"),
    "clock": ("time(6) NULL", "time NULL", "time NULL"),
    "ident": ("char(32) NOT NULL", "uuid NOT NULL", "char(32) NOT NULL"),
    "raw": ("longblob NOT NULL", "bytea NOT NULL", "BLOB NOT NULL"),
    "data": ("longtext NOT NULL CHECK (json_valid(data))", "json NOT NULL", "text NOT NULL"),
}
ENGINES = ("mysql", "postgresql", "sqlite")


def row(number: int) -> dict[str, Any]:
    """Return one row; every value is spelled as all engines take it."""
    return {
        "id": number,
        "is_staff": number % 3 == 0,
        "name": f"Zoë {number} 🦊",
        "note": None if number % 4 == 0 else f"nöte {number}, 3:abc",
        "other": "" if number % 5 == 0 else f"o{number}",
        "amount": f"{number}.50",
        "ratio": number / 7 * 10.0 ** (number % 40 - 20),
        "single": number / 3,
        "moment": f"2024-02-{number % 28 + 1:02} 12:34:56.{number:06}",
        "day": "2024-02-29",
        "clock": f"01:02:03.{number:06}",
        "ident": f"{number:032x}",
        "raw": bytes([number % 256, 0, 255]),
        "data": f'{{"b": {number}, "a": [1, 2.5, null, "x"]}}',
    }


@dataclass
class Two:
    """The databases of both sides, by alias."""

    source: str
    target: str

    def on(self, side: str, statement: str, *parameters: Any) -> None:
        """Run a statement on one side."""
        with connections[getattr(self, side)].cursor() as cursor:
            cursor.execute(statement, parameters or None)

    def fill(self, side: str, **types: str) -> None:
        """Make the table on one side, with other types for some columns, and put the rows in."""
        self.create(side, **types)
        self.insert(side, *map(row, range(1, ROWS + 1)))

    def create(self, side: str, **types: str) -> None:
        """Make the table on one side."""
        engine = ENGINES.index(self.vendor(side))
        known = {name: types.get(name, choices[engine]) for name, choices in TYPES.items()}
        tail = " CHARACTER SET utf8mb4" if engine == 0 else ""
        self.on(side, f"CREATE TABLE sample ({', '.join(f'{n} {t}' for n, t in known.items())}){tail}")

    def insert(self, side: str, *rows: dict[str, Any]) -> None:
        """Put rows with the same columns in, by one statement."""
        places = f"({', '.join(['%s'] * len(rows[0]))})"
        values = [value for each in rows for value in each.values()]
        self.on(
            side,
            f"INSERT INTO sample ({', '.join(rows[0])}) VALUES {', '.join([places] * len(rows))}",
            *values,
        )

    def vendor(self, side: str) -> str:
        """Return the engine of a side."""
        return connections[getattr(self, side)].vendor

    def verify(self, **options: Any) -> TableReport:
        """Compare both tables."""
        return self.verify_all({"sample": "sample"}, **options).tables[0]

    def verify_all(self, tables: dict[str, str], **options: Any) -> Report:
        """Compare several tables."""
        return verify(self.source, self.target, tables, **options)


@pytest.fixture
def open_database(request, tmp_path, django_db_blocker) -> Iterator[Callable[[str], str]]:
    """Return a function that opens a new, empty database of a kind and returns its alias."""
    made: list[str] = []

    def make(kind: str) -> str:
        number = next(_numbers)
        url = f"sqlite:///{tmp_path / f'verify{number}.sqlite3'}"
        if kind != "sqlite":
            url = request.getfixturevalue(kind).create_database(f"verify_{number}")
        alias = f"verify_{number}"
        entry = connections.configure_settings({"default": {}, alias: database_from_url(url)})[alias]
        connections.databases[alias] = entry
        made.append(alias)
        return alias

    with django_db_blocker.unblock():
        yield make
        for alias in made:
            connections[alias].close()
            del connections.databases[alias]
            del connections[alias]


@pytest.fixture
def two_of(open_database) -> Callable[[str], Two]:
    """Return a function that opens two empty databases, such as `mariadb-postgres`."""
    return lambda kinds: Two(*map(open_database, kinds.split("-")))


@pytest.fixture(params=PAIRS)
def two(request, two_of) -> Two:
    """Return two databases with equal tables, for every pair of engines."""
    both = two_of(request.param)
    both.fill("source")
    both.fill("target")
    return both


@pytest.fixture
def mariadbs(two_of) -> Two:
    """Return two MariaDB databases with nothing in them."""
    return two_of("mariadb-mariadb")
