"""The HTTP interface: read categories, products and their types; the staff edits them."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI, Schema
from ninja.decorators import decorate_view

from extracted.catalog import editing
from extracted.catalog.attributes import COMPARISONS, PREFIX
from extracted.catalog.bodies import checked, read_json
from extracted.catalog.documents import current_type, current_types, misfits
from extracted.catalog.door import caller_of, for_editors, may_see_all
from extracted.catalog.errors import NotFoundError, RefusedError, UnknownParameterError
from extracted.catalog.finding import LONGEST_WORDS, Question
from extracted.catalog.models import Category, Product
from extracted.catalog.schemas import (
    CategoryChanges,
    CategoryList,
    CategoryOut,
    NewProduct,
    NewType,
    ProductChanges,
    ProductList,
    ProductOut,
    Refused,
    TypeList,
    TypeOut,
    TypeSummary,
    etag_of,
)
from extracted.catalog.seen import dated
from extracted.catalog.values import refuse_nul

api = NinjaAPI(
    title="Catalog",
    version="1",
    description=(
        "Categories and products. A product is a document: its attributes are what the JSON Schema of its type describes. "
        "Prices and stock are the shop's. Answers have an ETag, and but for lists of products a Last-Modified; "
        "ask again with If-None-Match, or else If-Modified-Since, for 304."
    ),
    urls_namespace="catalog",
    openapi_url="/catalog/openapi.json",
    docs_url="/catalog/docs",
    openapi_extra={
        "components": {
            "securitySchemes": {
                "principal": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Strangler-Principal",
                    "description": "Who asks, signed by the facade or a service; reading what is for sale needs none.",
                }
            }
        },
        "security": [{}, {"principal": []}],
    },
)

_READING = frozenset({400, 401, 404})
_WRITING = frozenset({400, 401, 403, 404, 409, 412, 413, 422, 428, 503})


def _query(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": description}


_ATTRIBUTES = {
    "type": "object",
    "propertyNames": {"pattern": rf"^{re.escape(PREFIX)}.+?(__({'|'.join(COMPARISONS)}))?$"},
    "additionalProperties": {"type": "string"},
}
_FILTERS = {
    "parameters": [
        _query("slug", {"type": "string"}, "Of the one product."),
        _query("category", {"type": "string"}, "Slug of a category."),
        _query("kind", {"type": "string"}, "A product type."),
        _query(
            "q", {"type": "string", "maxLength": LONGEST_WORDS}, "Words to search for; the best come first."
        ),
        _query("active", {"type": "boolean"}, "Others than active ones only for services and the staff."),
        _query("featured", {"type": "boolean"}),
        _query("takes_photo", {"type": "boolean"}),
        _query(
            "id", {"type": "array", "items": {"type": "integer"}}, "Primary keys, the parameter repeated."
        ),
        {
            **_query("attributes", _ATTRIBUTES),
            "description": (
                "`attributes.finishes=matt`: an attribute that a type declares; of a list, one member. Numbers have ranges too: "
                "`attributes.paper_weight__gte=200&attributes.paper_weight__lt=300`, with gt, gte, lt and lte."
            ),
            "style": "form",
            "explode": True,
            "examples": {
                "equal": {"value": {"attributes.finishes": "matt"}},
                "range": {"value": {"attributes.pages__gte": "24", "attributes.pages__lte": "60"}},
            },
        },
        _query("limit", {"type": "integer", "minimum": 1}, "Most products of one page."),
        _query("after", {"type": "string"}, "Cursor of the page before; `next` has it."),
    ]
}


def _edit_of(schema: type[Schema]) -> dict[str, Any]:
    """Return what OpenAPI says of an edit, whose body is read by hand: only what is in it is changed."""
    match = {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}
    body = {"required": True, "content": {"application/json": {"schema": schema.model_json_schema()}}}
    return {"requestBody": body, "parameters": [{**match, "description": "ETag of what you read."}]}


@api.exception_handler(RefusedError)
def refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    """Answer with the reason."""
    return api.create_response(request, {"error": error.code, "detail": str(error)}, status=error.status)


@api.get(
    "/catalog/categories",
    url_name="categories",
    summary="All categories",
    response={200: CategoryList, _READING: Refused},
)
@decorate_view(dated)
def categories(request: HttpRequest) -> CategoryList:
    """Return all categories in their order."""
    _no_parameters(request)
    found = Category.objects.order_by("position", "pk")
    return CategoryList(categories=[CategoryOut.of(each) for each in found])


@api.get(
    "/catalog/categories/{slug}",
    url_name="category",
    summary="One category",
    response={200: CategoryOut, _READING: Refused},
)
@decorate_view(dated)
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a category with its ETag."""
    _no_parameters(request)
    refuse_nul("slug", slug)
    found = Category.objects.filter(slug=slug).first()
    if found is None:
        raise NotFoundError("category", slug)
    return _with_etag(request, found)


@api.get(
    "/catalog/products",
    url_name="products",
    summary="Products, filtered, searched, page by page",
    response={200: ProductList, frozenset({400, 401, 403, 404}): Refused},
    openapi_extra=_FILTERS,
)
def products(request: HttpRequest) -> Any:
    """Return products by position, or with `q` the best first.

    Whoever is neither a service nor of the staff sees active ones only. A parameter that there is not is an error, not ignored.
    """
    values = {name: request.GET.getlist(name) for name in request.GET}
    if not may_see_all(request) and values.setdefault("active", ["true"]) not in (["true"], ["1"]):
        detail = "only services and the staff see what is not for sale"
        answer = {"error": "staff", "detail": detail}
        return api.create_response(request, answer, status=HTTPStatus.FORBIDDEN)
    page = Question.parse(values).answer()
    chosen = [(name, each) for name in request.GET for each in request.GET.getlist(name) if name != "after"]
    path = (
        f"{reverse('catalog:products')}?{urlencode([*chosen, ('after', page.cursor)])}" if page.cursor else ""
    )
    return ProductList(products=[ProductOut.of(each) for each in page.products], next=path)


@api.get(
    "/catalog/products/{slug}",
    url_name="product",
    summary="One product",
    response={200: ProductOut, _READING: Refused},
)
@decorate_view(dated)
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a product with its ETag."""
    _no_parameters(request)
    refuse_nul("slug", slug)
    found = Product.objects.select_related("category").filter(slug=slug).first()
    if found is None or not (found.is_active or may_see_all(request)):
        raise NotFoundError("product", slug)
    return _with_etag(request, found)


@api.post(
    "/catalog/products",
    url_name="add_product",
    summary="Make a product",
    response={201: ProductOut, _WRITING: Refused},
    openapi_extra={"requestBody": _edit_of(NewProduct)["requestBody"]},
)
@decorate_view(for_editors)
def add_product(request: HttpRequest) -> HttpResponse:
    """Make a product whose attributes fit its type."""
    made = editing.add_product(_body(request, NewProduct))
    return _with_etag(request, made, status=HTTPStatus.CREATED)


@api.patch(
    "/catalog/products/{slug}",
    url_name="edit_product",
    summary="Edit a product",
    response={200: ProductOut, _WRITING: Refused},
    openapi_extra=_edit_of(ProductChanges),
)
@decorate_view(for_editors)
def edit_product(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what the body names. 412 if somebody else edited the product since its ETag was read; nothing is lost."""
    changes = _body(request, ProductChanges)
    edited = editing.edit_product(slug, changes, if_match=request.headers.get("If-Match", ""))
    return _with_etag(request, edited)


@api.patch(
    "/catalog/categories/{slug}",
    url_name="edit_category",
    summary="Edit a category",
    response={200: CategoryOut, _WRITING: Refused},
    openapi_extra=_edit_of(CategoryChanges),
)
@decorate_view(for_editors)
def edit_category(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what the body names, as of a product."""
    changes = _body(request, CategoryChanges)
    edited = editing.edit_category(slug, changes, if_match=request.headers.get("If-Match", ""))
    return _with_etag(request, edited)


@api.get(
    "/catalog/types",
    url_name="types",
    summary="Product types with their schemas",
    response={200: TypeList, _READING: Refused},
)
@decorate_view(dated)
def types(request: HttpRequest) -> TypeList:
    """Return the version of every type that counts."""
    _no_parameters(request)
    found = current_types()
    return TypeList(types=[TypeSummary.of(found[kind]) for kind in sorted(found)])


@api.get(
    "/catalog/types/{kind}",
    url_name="type",
    summary="One product type, and the documents that do not fit it",
    response={200: TypeOut, _READING: Refused},
)
@decorate_view(dated)
def type_(request: HttpRequest, kind: str) -> HttpResponse:
    """Return the version that counts, as the ETag too, and which products have to be edited to fit it."""
    _no_parameters(request)
    refuse_nul("kind", kind)
    found = current_type(kind)
    response = api.create_response(request, TypeOut.of_all(found, misfits(found)), status=HTTPStatus.OK)
    response["ETag"] = f'W/"{found.version}"'  # weak: misfits come and go without a new version
    return response


@api.post(
    "/catalog/types/{kind}",
    url_name="edit_type",
    summary="Make the next version of a product type",
    response={201: TypeOut, _WRITING: Refused},
    openapi_extra=_edit_of(NewType),
)
@decorate_view(for_editors)
def edit_type(request: HttpRequest, kind: str) -> HttpResponse:
    """Make the next version, and name the documents that do not fit it. If-Match is the version before, "0" for a new kind."""
    body = _body(request, NewType)
    made = editing.edit_type(
        kind,
        body["document_schema"],
        note=body.get("note", ""),
        by=caller_of(request),
        if_match=request.headers.get("If-Match", "").removeprefix("W/"),
    )
    response = api.create_response(request, TypeOut.of_all(made, misfits(made)), status=HTTPStatus.CREATED)
    response["ETag"] = f'W/"{made.version}"'
    return response


def _with_etag(request: HttpRequest, row: Category | Product, *, status: int = HTTPStatus.OK) -> HttpResponse:
    shown: Schema = ProductOut.of(row) if isinstance(row, Product) else CategoryOut.of(row)
    response = api.create_response(request, shown, status=status)
    response["ETag"] = etag_of(row)
    return response


def _no_parameters(request: HttpRequest) -> None:
    for name in request.GET:
        raise UnknownParameterError(name, known=[f"none here; {PREFIX}… and others are of products"])


def _body(request: HttpRequest, schema: type[Schema]) -> dict[str, Any]:
    """Return what the body names, checked."""
    return checked(schema, read_json(request.body))
