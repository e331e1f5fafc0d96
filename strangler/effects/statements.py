"""Read from SQL which rows it wrote, whoever made it: the ORM, raw SQL, a library.

The same statement comes again and again with other values, so its parts are found once and kept by its text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from strangler.core.observation import MessageSent, Operation, RowWrite
from strangler.effects.values import as_json
from strangler.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from strangler.core.messages import JSON

OUTBOX_TABLE = "strangler_outbox_outboxmessage"
LEFT_OUT = re.compile(
    r"strangler_(rollout|shadow|outbox|service|move)_\w+|django_(session|migrations)|celery_\w+|sqlite_\w+"
)
"""Tables of ours and of the framework, which tell nothing of what the work did."""

DIALECTS = {"sqlite": "sqlite", "mysql": "mysql", "postgresql": "postgres", "oracle": "oracle"}
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?s|%%")
_REPEATED_ROWS = re.compile(r"(?P<row>\((?:%s|NULL|DEFAULT)(?:, (?:%s|NULL|DEFAULT))*\))(?:, (?P=row))+")
_MARK = "\x01"
_FIRST_WORD = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(\w+)", re.DOTALL)
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "WITH"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was executed.

    Args:
        vendor: of the database, as Django names it.
        sql: with `%s` for its values.
        parameters: its values; for `executemany` one sequence for each row.
        is_many: whether it was `executemany`.
        count: rows that it wrote, by the driver; -1 if that is not known.
    """

    vendor: str
    sql: str
    parameters: Any
    is_many: bool
    count: int


@dataclass(frozen=True, slots=True)
class _Template:
    """What a statement does, whatever its values: the columns of each row, with a place or a text for each value."""

    table: str
    operation: Operation
    rows: tuple[tuple[tuple[str, _Value], ...], ...]
    repeats: int = 1
    width: int = 0  # values of one repeated row


@dataclass(frozen=True, slots=True)
class _Value:
    """A value in a statement: the place of a parameter, or what is written there."""

    place: int | str | None = None
    literal: JSON = None


@lru_cache(maxsize=1024)
def first_word(sql: str) -> str:
    """Return the first word of *sql* in upper case, behind comments."""
    found = _FIRST_WORD.match(sql)
    return found[1].upper() if found else ""


def is_writing(sql: str) -> bool:
    """Whether *sql* may write rows."""
    return first_word(sql) in _WRITING


def read_statement(statement: Statement) -> tuple[list[RowWrite], list[MessageSent]]:
    """Return the rows that *statement* wrote and the outbox messages among them.

    Raises: MissingExtraError: sqlglot is not installed.
    """
    template = _template(statement.sql, DIALECTS.get(statement.vendor, ""))
    if template is None or _wrote_nothing(statement):
        return [], []
    if template.table == OUTBOX_TABLE:
        return [], _messages(template, statement)
    if LEFT_OUT.fullmatch(template.table):
        return [], []
    return list(_writes(template, statement)), []


def _wrote_nothing(statement: Statement) -> bool:
    """Whether the driver said so; SQLite counts what RETURNING gives only when it is read, which comes later."""
    return statement.count == 0 and " RETURNING " not in statement.sql.upper()


def _writes(template: _Template, statement: Statement) -> Iterator[RowWrite]:
    if template.operation is Operation.INSERT and template.rows:
        for values in _inserted(template, statement):
            yield RowWrite(table=template.table, operation=template.operation, values=values)
        return
    values = _filled(template.rows[0], _first(statement), 0) if template.rows else {}
    count = statement.count if statement.count > 0 else 1
    yield RowWrite(table=template.table, operation=template.operation, values=values, count=count)


def _inserted(template: _Template, statement: Statement) -> Iterator[Mapping[str, JSON]]:
    sets = statement.parameters if statement.is_many else (statement.parameters,)
    for parameters in sets:
        for repeat in range(template.repeats):
            for row in template.rows:
                yield _filled(row, parameters, repeat * template.width)


def _messages(template: _Template, statement: Statement) -> list[MessageSent]:
    if template.operation is not Operation.INSERT:
        return []
    return [
        MessageSent(task=str(row["type"]), queue=str(row["queue"]), body=_body(row["body"]))
        for row in _inserted(template, statement)
    ]


def _body(text: JSON) -> JSON:
    try:
        body: JSON = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
    return body


def _first(statement: Statement) -> Any:
    return next(iter(statement.parameters), ()) if statement.is_many else statement.parameters


def _filled(row: Sequence[tuple[str, _Value]], parameters: Any, offset: int) -> dict[str, JSON]:
    return {column: _value(value, parameters, offset) for column, value in row}


def _value(value: _Value, parameters: Any, offset: int) -> JSON:
    if value.place is None:
        return value.literal
    try:
        found = parameters[value.place + offset if isinstance(value.place, int) else value.place]
    except (LookupError, TypeError):
        return None
    return as_json(found)


@lru_cache(maxsize=2048)
def _template(sql: str, dialect: str) -> _Template | None:
    """Return the parts of *sql*; None for what writes no rows or can't be read."""
    sqlglot = _sqlglot()
    sql, repeats, width = _without_repeats(sql)
    try:
        tree = sqlglot.parse_one(_marked(sql), dialect=dialect or None)
    except sqlglot.errors.SqlglotError:
        return None
    return _template_of(tree, sqlglot.exp, repeats=repeats, width=width)


def _sqlglot() -> Any:
    try:
        import sqlglot  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingExtraError("sqlglot", extra="shadow", needed_for="Reading effects from SQL") from error
    return sqlglot


def _without_repeats(sql: str) -> tuple[str, int, int]:
    """Return *sql* with one of its many equal rows, how many there were, and how many values each has."""
    found = _REPEATED_ROWS.search(sql)
    if found is None or sql.find("%s") < found.start():
        return sql, 1, 0
    row = found["row"]
    repeats = (found.end() - found.start() + 2) // (len(row) + 2)
    return sql[: found.start()] + row + sql[found.end() :], repeats, row.count("%s")


def _marked(sql: str) -> str:
    """Put a text that names the parameter in the place of each."""
    number = -1

    def mark(found: re.Match[str]) -> str:
        nonlocal number
        if found[0] == "%%":
            return "%"
        if found["name"]:
            return f"'{_MARK}{found['name']}'"
        number += 1
        return f"'{_MARK}{number}'"

    return _PLACEHOLDER.sub(mark, sql)


def _template_of(tree: Any, exp: Any, *, repeats: int, width: int) -> _Template | None:
    if isinstance(tree, exp.Insert):
        return _insert(tree, exp, repeats=repeats, width=width)
    if isinstance(tree, exp.Update):
        row = tuple((each.this.name, _read(each.expression, exp)) for each in tree.expressions)
        return _Template(_table(tree, exp), Operation.UPDATE, (row,))
    if isinstance(tree, exp.Delete):
        return _Template(_table(tree, exp), Operation.DELETE, ())
    return None


def _insert(tree: Any, exp: Any, *, repeats: int, width: int) -> _Template:
    columns = [each.name for each in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    source = tree.expression
    rows = source.expressions if isinstance(source, exp.Values) else ()
    read = tuple(
        tuple(zip(columns, (_read(each, exp) for each in _items(row, exp)), strict=False)) for row in rows
    )
    return _Template(_table(tree, exp), Operation.INSERT, read, repeats=repeats, width=width)


def _items(row: Any, exp: Any) -> Sequence[Any]:
    return (
        row.expressions if isinstance(row, exp.Tuple) else (row.this if isinstance(row, exp.Paren) else row,)
    )


def _table(tree: Any, exp: Any) -> str:
    found = tree.this if isinstance(tree.this, exp.Table) else tree.find(exp.Table)
    return str(found.name) if found is not None else ""


def _read(node: Any, exp: Any) -> _Value:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    if isinstance(node, exp.Null):
        return _Value()
    if isinstance(node, exp.Literal):
        text = str(node.this)
        if node.is_string and text.startswith(_MARK):
            place = text[1:]
            return _Value(place=int(place) if place.isdigit() else place)
        return _Value(literal=text if node.is_string else _number(text))
    return _Value(literal=node.sql().replace(_MARK, "%"))


def _number(text: str) -> JSON:
    try:
        return int(text)
    except ValueError:
        return float(text)
