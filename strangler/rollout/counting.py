"""Add to counted rows beside others who add to the same ones: one statement for all of them, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections, models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

AT_ONCE = 100  # rows in a statement; SQLite takes 999 parameters in its oldest versions


def add(model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, using: str) -> None:
    """Add the `count` of each of *rows* to the row that the model's unique constraint says is the same, or make it.

    Django's own upsert sets values only. *rows* have the fields of the constraint and `count`.
    """
    connection = connections[using]
    (constraint,) = (each for each in model._meta.constraints if isinstance(each, models.UniqueConstraint))
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in (*constraint.fields, "count")]
    columns = [str(field.column) for field in fields]
    with connection.cursor() as cursor:
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            values = [field.get_db_prep_save(row[field.name], connection) for row in part for field in fields]
            cursor.execute(_statement(connection, model._meta.db_table, columns, number=len(part)), values)


def _statement(connection: BaseDatabaseWrapper, name: str, columns: Sequence[str], *, number: int) -> str:
    quote = connection.ops.quote_name
    table, (*unique, count) = quote(name), map(quote, columns)
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * number)
    insert = f"INSERT INTO {table} ({', '.join([*unique, count])}) VALUES {places}"  # noqa: S608 - names of a model
    if connection.vendor == "mysql":
        return f"{insert} ON DUPLICATE KEY UPDATE {count} = {count} + VALUES({count})"
    return f"{insert} ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {count} = {table}.{count} + EXCLUDED.{count}"
