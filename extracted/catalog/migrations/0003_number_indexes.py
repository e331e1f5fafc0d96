"""Indexes of PostgreSQL for ranges of the numbers that the product types declare; later types bring theirs when they are made."""

from importlib import import_module

from django.db import migrations

from extracted.catalog.attributes import numbers_in


def make_indexes(apps, schema_editor):
    if means := _means(schema_editor):
        means.index_numbers(_numbers(apps))


def drop_indexes(apps, schema_editor):
    if means := _means(schema_editor):
        for name in _numbers(apps):
            schema_editor.execute(f"DROP INDEX IF EXISTS {means.number_index(name)}")


def _numbers(apps):
    schemas = apps.get_model("catalog", "ProductType").objects.values_list("schema", flat=True)
    return {name for schema in schemas for name in numbers_in(schema)}


def _means(schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return None
    return import_module("extracted.catalog.searching.postgresql")


class Migration(migrations.Migration):

    dependencies = [("catalog", "0002_indexes_and_types")]

    operations = [migrations.RunPython(make_indexes, drop_indexes)]
