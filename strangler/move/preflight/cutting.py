"""Foreign keys that cross the border, and how to cut them.

A cut turns the foreign key into a loose key: the column and its values stay, the constraint goes. What the constraint kept
apart, a query finds: orphans. The migration goes forward and back; back, it fails loudly while there are orphans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from strangler.move.preflight.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.move.dialects.base import ForeignKey
    from strangler.move.tables import TablePair


def refuse_crossing_keys(each: TablePair, *, moving: set[str]) -> Iterator[Refusal]:
    """Refuse keys that leave the moving tables or come from outside of them."""
    for key in each.source.foreign_keys:
        if key.target_table not in moving:
            yield _refusal(key, table=each.source.name, end="which stays behind", other=key.target_table)
    for key in each.source.referenced_by:
        if key.table not in moving:
            yield _refusal(key, table=each.source.name, end="whose rows stay behind", other=key.table)


def _refusal(key: ForeignKey, *, table: str, end: str, other: str) -> Refusal:
    columns = ", ".join(key.columns)
    return Refusal(
        name="crossing-key",
        table=table,
        reason=f"foreign key {key.name} ({key.table}.{columns}) has its other end in {other}, {end}.",
        action="Move both tables, or cut it: the migration and the scan for orphans are below.",
        detail=f"{migration(key)}\n\n# Orphans, before and after:\n{orphan_scan(key)}",
    )


def orphan_scan(key: ForeignKey) -> str:
    """Return the query that finds rows whose key leads nowhere."""
    pairs = list(zip(key.columns, key.target_columns, strict=True))
    on = " AND ".join(f"p.{there} = c.{here}" for here, there in pairs)
    present = " AND ".join(f"c.{here} IS NOT NULL" for here, _ in pairs)
    return (
        f"SELECT c.* FROM {key.table} c LEFT JOIN {key.target_table} p ON {on} "  # noqa: S608
        f"WHERE {present} AND p.{pairs[0][1]} IS NULL;"
    )


def migration(key: ForeignKey) -> str:
    """Return the text of a migration that cuts *key* and can be taken back; else what to do in SQL."""
    found = _field(key)
    if found is None:
        columns = ", ".join(key.columns)
        back = f"FOREIGN KEY ({columns}) REFERENCES {key.target_table} ({', '.join(key.target_columns)})"
        return f"forward: DROP CONSTRAINT {key.name} of {key.table}; back: ADD CONSTRAINT {key.name} {back}"
    model, field = found
    options = model._meta
    to = field.related_model
    return _MIGRATION.format(
        label=options.app_label,
        model=options.model_name,
        field=field.name,
        kind=type(field).__name__,
        to=to if isinstance(to, str) else to._meta.label,
        null=field.null,
    )


def _field(key: ForeignKey) -> tuple[type[models.Model], models.ForeignKey[object, object]] | None:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == key.table:
            for field in model._meta.local_fields:
                if isinstance(field, models.ForeignKey) and (field.column,) == key.columns:
                    return model, field
    return None


_MIGRATION = """# A migration of app {label!r}. Forward: the constraint goes, column and values stay. Back: the constraint
# is made again, which fails while there are orphans. Write the same db_constraint=False into the model.
operations = [
    migrations.AlterField(
        model_name={model!r},
        name={field!r},
        field=models.{kind}({to!r}, null={null}, db_constraint=False, on_delete=models.DO_NOTHING),
    ),
]"""
