"""Give the products of before their attributes, as their texts and the names of their variants say.

Back, what was derived is taken away, and what somebody edited stays. A table that the catalog service owns is left alone: its products
are edited there.
"""

from django.db import migrations

from monolith.catalog.derivation import Texts, derive

CHUNK = 500


def derive_attributes(apps, schema_editor):
    for product, derived in _products(apps, schema_editor):
        if not product.attributes and derived:
            _write(product, derived)


def take_away(apps, schema_editor):
    for product, derived in _products(apps, schema_editor):
        if product.attributes == derived:
            _write(product, {})


def _products(apps, schema_editor):
    """Yield each product with what its texts say, in chunks by primary key, since a row is written while others are read."""
    alias, last = schema_editor.connection.alias, 0
    model = apps.get_model("catalog", "Product")
    records = apps.get_model("strangler_isolation", "OwnershipRecord").objects.using(alias)
    if records.filter(table=model._meta.db_table).exclude(owner="monolith").exists():
        return
    rows = model.objects.using(alias).prefetch_related("variants").order_by("pk")
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        for product in chunk:
            prose = (product.name, product.summary, product.description)
            variants = sorted(product.variants.all(), key=lambda each: (each.position, each.pk))
            yield product, derive(product.kind, Texts.of(*prose, variants=[each.name for each in variants]))
        last = chunk[-1].pk


def _write(product, attributes):
    product.attributes = attributes
    product.save(update_fields=["attributes"])


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0002_attributes_and_loose_key"),
        ("strangler_isolation", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(derive_attributes, take_away, hints={"model_name": "product"}),
    ]
