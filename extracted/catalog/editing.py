"""Edit the catalogue: only what nobody else edited meanwhile, and only what fits the schema of its type.

An edit names the ETag of what it was made of. The row is locked, its ETag is compared, and only then is it written; so of two
edits of one product that began alike the second is refused. What an ETag is made of are the values themselves, not a number
of a version: rows also come by a move, which knows of no such number.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Max, QuerySet

from extracted.catalog import ownership
from extracted.catalog.attributes import numbers_in
from extracted.catalog.documents import check_document, check_schema, current_type
from extracted.catalog.errors import (
    BadValueError,
    NoConditionError,
    NotFoundError,
    ShopSilentError,
    StaleError,
    TakenError,
)
from extracted.catalog.models import Category, Product, ProductType
from extracted.catalog.schemas import etag_of
from extracted.catalog.searching import means
from extracted.catalog.values import refuse_nul

Row = TypeVar("Row", Category, Product)
logger = logging.getLogger(__name__)


def edit_product(slug: str, changes: Mapping[str, Any], *, if_match: str) -> Product:
    """Change a product and return it.

    Args: changes: names of fields → values; `category` is a slug, `attributes` replaces the document.
    Raises: RefusedError: names what is wrong; nothing was changed.
    """

    def apply(product: Product) -> None:
        _set(product, changes)

    products = Product.objects.select_related("category")
    return _edit(products, slug, apply, if_match=if_match, changes=changes)


def edit_category(slug: str, changes: Mapping[str, Any], *, if_match: str) -> Category:
    """Change a category and return it; raises as `edit_product`."""

    def apply(category: Category) -> None:
        for name, value in changes.items():
            setattr(category, name, value)

    return _edit(Category.objects.all(), slug, apply, if_match=if_match, changes=changes)


def add_product(values: Mapping[str, Any]) -> Product:
    """Make a product of *values* and return it; raises RefusedError."""
    refuse_nul("the body", dict(values))
    ownership.require_ownership()
    product = Product()
    with transaction.atomic():
        _set(product, values)
        _save(product)
    return product


def edit_type(kind: str, schema: Any, *, note: str, by: str, if_match: str) -> ProductType:
    """Make the next version of a product type and return it; a kind that there is not gets its first one.

    Documents stay as they are: `documents.misfits` names those that do not fit any more.
    Raises: BadSchemaError; StaleError: *if_match* is not the version that counts; BadValueError.
    """
    check_schema(schema)
    refuse_nul("note", note)
    if (
        not kind.isascii()
        or not kind.isidentifier()
        or len(kind) > ProductType._meta.get_field("kind").max_length
    ):
        raise BadValueError("kind", kind, wanted="a word of at most 10 letters")
    version = ProductType.objects.filter(kind=kind).aggregate(top=Max("version"))["top"] or 0
    _compare(f'"{version}"', if_match)
    made = ProductType(kind=kind, version=version + 1, schema=schema, note=note, made_by=by)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:  # somebody made the same next version beside us
        raise StaleError(f'"{version + 1}"') from None
    _index_numbers(made)
    return made


def _index_numbers(type_: ProductType) -> None:
    try:
        with transaction.atomic():
            means().index_numbers(numbers_in(type_.schema))
    except DatabaseError as error:  # the role may make none, or somebody makes the same just now
        logger.warning("ranges of %s may be slow, since an index was not made: %s", type_.kind, error)


def _edit(
    rows: QuerySet[Row], slug: str, apply: Callable[[Row], None], *, if_match: str, changes: Mapping[str, Any]
) -> Row:
    refuse_nul("the body", dict(changes))
    if not if_match:
        raise NoConditionError
    ownership.require_ownership()
    with transaction.atomic():
        row = rows.select_for_update(of=("self",)).filter(slug=slug).first()
        if row is None:
            raise NotFoundError(rows.model._meta.model_name, slug)
        _compare(etag_of(row), if_match)
        apply(row)
        _save(row)
    return row


def _compare(etag: str, if_match: str) -> None:
    if not if_match:
        raise NoConditionError
    if if_match.strip() != etag:
        raise StaleError(etag)


def _set(product: Product, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name == "category":
            product.category = _category(value)
        else:
            setattr(product, name, value)
    check_document(product.attributes, current_type(product.kind))


def _category(slug: str) -> Category:
    found = Category.objects.filter(slug=slug).first()
    if found is None:
        raise NotFoundError("category", slug)
    return found


def _save(row: Category | Product) -> None:
    """Write *row*, which is checked, and have the shop told of it after the commit."""
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        name, (first, *_) = next(iter(error.message_dict.items()))
        raise BadValueError(name, str(getattr(row, name, "")), wanted=f"right: {first}") from None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise TakenError(f"another one is called {row.name!r} or {row.slug!r}") from None
    except DatabaseError:
        ownership.require_ownership()  # the fence of a move, which came in between
        raise
    transaction.on_commit(partial(_tell, row))


def _tell(row: Category | Product) -> None:
    products = [row.pk] if isinstance(row, Product) else list(row.products.values_list("pk", flat=True))
    try:
        ownership.tell_changed(products)
    except ShopSilentError as error:
        # The edit stands. What the shop tells others of names is late until somebody edits again or reports are filled.
        logger.warning("the shop did not hear of an edit of %s: %s", row, error)
