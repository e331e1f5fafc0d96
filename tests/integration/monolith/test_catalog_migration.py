"""Products from before there were attributes, and back."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from monolith.catalog.models import Product
from strangler.isolation.models import OwnershipRecord

migration = import_module("monolith.catalog.migrations.0003_derive_attributes")
DERIVED = {"material": "woven cotton", "sizes": ["30 × 20 cm"]}


class Editor:
    connection = connection


@pytest.fixture
def old(canvas):
    """Return a canvas that knows no attributes, and something that somebody edited."""
    Product.objects.filter(pk=canvas.pk).update(attributes={}, description="Woven cotton on a frame.")
    canvas.variants.update(name="30 × 20 cm")
    Product.objects.create(
        category=canvas.category,
        name="B",
        slug="b",
        kind="book",
        summary="24 pages",
        attributes={"pages": 30},
    )
    return canvas


def attributes():
    return dict(Product.objects.order_by("slug").values_list("slug", "attributes"))


def test_attributes_are_derived_and_taken_away_again(old):
    migration.derive_attributes(apps, Editor)
    assert attributes() == {"b": {"pages": 30}, "canvas": DERIVED}
    migration.derive_attributes(apps, Editor)
    assert attributes() == {"b": {"pages": 30}, "canvas": DERIVED}
    migration.take_away(apps, Editor)
    assert attributes() == {"b": {"pages": 30}, "canvas": {}}


def test_what_was_edited_after_it_stays_on_the_way_back(old):
    migration.derive_attributes(apps, Editor)
    Product.objects.filter(slug="canvas").update(attributes={**DERIVED, "depth_mm": 20})
    migration.take_away(apps, Editor)
    assert attributes()["canvas"] == {**DERIVED, "depth_mm": 20}


def test_many_products_are_read_in_chunks(old, monkeypatch):
    monkeypatch.setattr(migration, "CHUNK", 1)
    migration.derive_attributes(apps, Editor)
    assert attributes()["canvas"] == DERIVED


def test_what_the_service_owns_is_left_alone(old):
    OwnershipRecord.objects.create(
        table="catalog_product", label="catalog.product", owner="catalog", changed_at=timezone.now()
    )
    migration.derive_attributes(apps, Editor)
    assert attributes()["canvas"] == {}
