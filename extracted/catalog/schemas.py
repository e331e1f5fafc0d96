"""What the API takes and answers, as it is written in the OpenAPI description."""

import hashlib
import json
from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from extracted.catalog.documents import Misfit
from extracted.catalog.models import Category, Product, ProductType

Position = Field(ge=0, le=32767)


class CategoryOut(Schema):
    """A shelf of the shop."""

    id: int
    slug: str
    name: str
    blurb: str
    position: int

    @classmethod
    def of(cls, category: Category) -> "CategoryOut":
        """Describe *category*."""
        return cls.model_validate(category, from_attributes=True)


class CategoryList(Schema):
    """All shelves, in their order."""

    categories: list[CategoryOut]


class ProductOut(Schema):
    """A product, but for price and stock, which are the shop's."""

    id: int
    slug: str
    name: str
    kind: str
    category: CategoryOut
    summary: str
    description: str
    attributes: dict[str, Any] = Field(description="A document; `/catalog/types/{kind}` has its schema.")
    takes_photo: bool
    is_active: bool
    is_featured: bool
    position: int

    @classmethod
    def of(cls, product: Product) -> "ProductOut":
        """Describe *product* with no query, if its category was selected with it."""
        return cls.model_validate(product, from_attributes=True)


class ProductList(Schema):
    """One page of products."""

    products: list[ProductOut]
    next: str = Field(description="Path of the next page; empty on the last one.")


class ProductChanges(Schema):
    """What may be edited; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field("", min_length=1, max_length=100)
    category: str = Field("", description="Slug of a category.")
    kind: str = ""
    summary: str = Field("", min_length=1, max_length=160)
    description: str = Field("", max_length=20_000)
    attributes: dict[str, Any] = Field(default_factory=dict, description="Replaces the whole document.")
    takes_photo: bool = True
    is_active: bool = True
    is_featured: bool = False
    position: int = Field(0, ge=0, le=32767)


class NewProduct(ProductChanges):
    """A new product."""

    slug: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=100)
    category: str = Field(description="Slug of a category.")
    kind: str
    summary: str = Field(min_length=1, max_length=160)
    attributes: dict[str, Any]


class CategoryChanges(Schema):
    """What may be edited of a category; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field("", min_length=1, max_length=60)
    blurb: str = Field("", max_length=200)
    position: int = Field(0, ge=0, le=32767)


class TypeSummary(Schema):
    """The version of a product type that counts."""

    kind: str
    version: int
    document_schema: dict[str, Any] = Field(
        description="JSON Schema, draft 2020-12, of a product's attributes."
    )
    note: str
    made_at: datetime

    @classmethod
    def of(cls, type_: ProductType) -> "TypeSummary":
        """Describe *type_*."""
        return cls(**_type(type_))


class TypeList(Schema):
    """All product types."""

    types: list[TypeSummary]


class MisfitOut(Schema):
    """A product whose document does not fit its type as it is now; it is read as before, and its next edit has to fit."""

    slug: str
    problems: list[str]


class TypeOut(TypeSummary):
    """A product type with the documents that do not fit it, at most a hundred."""

    misfits: list[MisfitOut]

    @classmethod
    def of_all(cls, type_: ProductType, misfits: list[Misfit]) -> "TypeOut":
        """Describe *type_* and *misfits*."""
        found = [MisfitOut(slug=each.slug, problems=list(each.problems)) for each in misfits]
        return cls(**_type(type_), misfits=found)


class NewType(Schema):
    """The next version of a product type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    document_schema: dict[str, Any]
    note: str = Field("", max_length=200)


class Refused(Schema):
    """Why a request was not fulfilled; nothing of it was stored."""

    error: str
    detail: str


ErrorCode = Literal[400, 401, 403, 404, 409, 412, 413, 422, 428, 503]


def etag_of(row: Category | Product) -> str:
    """Return the strong ETag of what the API says of *row*: the same values, the same ETag, wherever they were written."""
    shown: Schema = ProductOut.of(row) if isinstance(row, Product) else CategoryOut.of(row)
    text = json.dumps(shown.model_dump(mode="json"), sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _type(type_: ProductType) -> dict[str, Any]:
    return {
        "kind": type_.kind,
        "version": type_.version,
        "document_schema": type_.schema,
        "note": type_.note,
        "made_at": type_.made_at,
    }
