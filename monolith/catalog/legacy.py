"""The catalogue as the shop's own tables have it, or the service's where they are in reach: no join leaves the catalogue."""

from monolith.catalog import models, ownership
from monolith.catalog.errors import CatalogUnavailableError
from monolith.catalog.values import Category, Found, Product, Wanted


def find(wanted: Wanted) -> Found:
    """Answer *wanted* with one query, two with categories.

    Raises: CatalogUnavailableError: the tables are the service's, and not in reach; those here are as they were at the switch.
    """
    if not ownership.is_in_reach():
        raise CatalogUnavailableError
    rows = models.Product.objects.select_related("category").filter(**_conditions(wanted))
    products = () if wanted.ids == () else tuple(_product(row) for row in rows)
    categories = models.Category.objects.all() if wanted.with_categories else ()
    return Found(products=products, categories=tuple(_category(row) for row in categories))


def _conditions(wanted: Wanted) -> dict[str, object]:
    conditions: dict[str, object] = {
        name: value
        for name in ("is_active", "is_featured", "takes_photo")
        if (value := getattr(wanted, name)) is not None
    }
    if wanted.slug:
        conditions["slug"] = wanted.slug
    if wanted.category:
        conditions["category__slug"] = wanted.category
    if wanted.ids is not None:
        conditions["pk__in"] = wanted.ids
    return conditions


def _category(row: models.Category) -> Category:
    return Category(id=row.pk, slug=row.slug, name=row.name, blurb=row.blurb, position=row.position)


def _product(row: models.Product) -> Product:
    return Product(
        id=row.pk,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        category=_category(row.category),
        summary=row.summary,
        description=row.description,
        attributes=row.attributes,
        takes_photo=row.takes_photo,
        is_active=row.is_active,
        is_featured=row.is_featured,
        position=row.position,
    )
