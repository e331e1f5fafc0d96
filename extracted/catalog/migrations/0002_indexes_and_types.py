"""Indexes of PostgreSQL for documents and words, and version 1 of every product type.

The indexes are of PostgreSQL only, so the models, which serve SQLite too, do not have them. The full-text one has to be of the
same expression as the queries; whoever changes that makes a new index in a migration of its own.
"""

from importlib import import_module

from django.db import migrations

from extracted.catalog.first_types import ATTRIBUTES, schema_of


def make_indexes(apps, schema_editor):
    for index in _indexes(schema_editor):
        schema_editor.add_index(apps.get_model("catalog", "Product"), index)


def drop_indexes(apps, schema_editor):
    for index in _indexes(schema_editor):
        schema_editor.remove_index(apps.get_model("catalog", "Product"), index)


def make_types(apps, schema_editor):
    types = apps.get_model("catalog", "ProductType")
    for kind in ATTRIBUTES:
        types.objects.create(kind=kind, version=1, schema=schema_of(kind), note="the first", made_by="migration")


def _indexes(schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return []
    return import_module("extracted.catalog.searching.postgresql").indexes()


class Migration(migrations.Migration):

    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.RunPython(make_indexes, drop_indexes),
        migrations.RunPython(make_types, migrations.RunPython.noop),
    ]
