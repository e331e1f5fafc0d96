"""Columns as the verifier sees them: which family of values one holds, and how finely."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Family(Enum):
    """What kind of values a column holds, whatever its engine calls it."""

    INTEGER = auto()
    BOOLEAN = auto()
    DECIMAL = auto()
    SINGLE = auto()
    DOUBLE = auto()
    TEXT = auto()
    BINARY = auto()
    DATE = auto()
    TIME = auto()
    DATETIME = auto()
    INTERVAL = auto()
    UUID = auto()
    JSON = auto()
    ADDRESS = auto()
    BITS = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of one table.

    Args:
        name: as the engine spells it.
        declared: its type in the words of its engine, `datetime(6)`.
        family: what kind of values it holds.
        scale: digits after the point of decimals, times and moments; None where there is no limit or no point.
        is_nullable: whether NULL may be in it.
        charset: of a text on MariaDB and MySQL, else empty.
    """

    name: str
    declared: str
    family: Family
    scale: int | None = None
    is_nullable: bool = True
    charset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: its columns by name, and the names of its primary key's columns in their order."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


_FAMILIES = {
    Family.BOOLEAN: ("bool", "boolean"),
    Family.INTEGER: (
        *("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year"),
        *("integer unsigned", "smallint unsigned", "bigint unsigned"),
    ),
    Family.DECIMAL: ("decimal", "numeric"),
    Family.SINGLE: ("float", "real"),
    Family.DOUBLE: ("double", "double precision"),
    Family.TEXT: (
        *("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"),
        *("character", "character varying", "citext", "name"),
    ),
    Family.BINARY: (
        *("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bytea"),
        *("geometry", "point", "linestring", "polygon"),
    ),
    Family.DATE: ("date",),
    Family.TIME: ("time", "time without time zone"),
    Family.DATETIME: ("datetime", "timestamp", "timestamp without time zone", "timestamp with time zone"),
    Family.INTERVAL: ("interval",),
    Family.UUID: ("uuid",),
    Family.JSON: ("json", "jsonb"),
    Family.ADDRESS: ("inet", "cidr", "inet4", "inet6"),
    Family.BITS: ("bit",),
}
_BY_WORD = {word: family for family, words in _FAMILIES.items() for word in words}
_MICROSECONDS = 6
_TIMES = (Family.TIME, Family.DATETIME)


def classify(declared: str, *, vendor: str) -> tuple[Family, int | None]:
    """Return the family and the scale of a type in the words of *vendor*; what nobody knows is OTHER.

    Args:
        declared: such as `bigint(20) unsigned`, `timestamp(3) with time zone`, `numeric(10,2)`.
        vendor: `mysql`, `postgresql` or `sqlite`, as Django calls them.
    """
    text = declared.lower()
    numbers = re.search(r"\(([\d, ]+)\)", text)
    word = re.sub(r"\(.*\)", "", text)
    if vendor == "mysql":
        word = re.sub(r" (unsigned|zerofill)", "", word)
    family = _BY_WORD.get(" ".join(word.split()), Family.OTHER)
    if vendor == "sqlite" and family is Family.SINGLE:
        family = Family.DOUBLE
    given = [int(number) for number in numbers[1].split(",")] if numbers else []
    return family, _scale(family, given, vendor=vendor)


def _scale(family: Family, given: list[int], *, vendor: str) -> int | None:
    if family in _TIMES:
        # An engine's silence means microseconds, but whole seconds on MariaDB and MySQL.
        return given[0] if given else (0 if vendor == "mysql" else _MICROSECONDS)
    if family is Family.DECIMAL and given:
        return given[1] if len(given) > 1 else 0
    return None
