"""Products: the list with its search, the page of one, and the form of a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from extracted.catalog import editing
from extracted.catalog.bodies import checked
from extracted.catalog.documents import current_type, current_types, problems_of
from extracted.catalog.door import for_staff, refused
from extracted.catalog.errors import DocumentError, RefusedError, StaleError, UnknownTypeError
from extracted.catalog.finding import Page, Question
from extracted.catalog.models import Category, Product, ProductType
from extracted.catalog.schemas import NewProduct, ProductChanges, etag_of
from extracted.catalog.staff import fields as attributes
from extracted.catalog.staff.fields import Field
from extracted.catalog.staff.forms import shown, texts_of, values_of, why_closed

ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A product of the list, with what it says in *facts*: pairs of an attribute's title and its value as a text."""

    product: Product
    facts: list[tuple[str, str]]


@for_staff
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """List products, narrowed by the search form; any parameter of the API's list narrows it too."""
    chosen = {name: text for name, text in request.GET.items() if text and name != "limit"}
    error, page = "", Page(products=[], cursor="")
    try:
        page = Question.parse(
            {**{name: [text] for name, text in chosen.items()}, "limit": [str(ROWS)]}
        ).answer()
    except RefusedError as problem:
        error = str(problem)
    types = current_types()
    context = {
        "section": "products",
        "rows": [Row(product=each, facts=_facts(each, types.get(each.kind))) for each in page.products],
        "chosen": chosen,
        "narrowed": {name: text for name, text in chosen.items() if "." in name},
        "categories": Category.objects.order_by("position", "pk"),
        "kinds": sorted(types),
        "next": urlencode({**chosen, "after": page.cursor}) if page.cursor else "",
        "closed": why_closed(),
        "error": error,
    }
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    return render(request, "catalog/products.html", context, status=status)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a product, and change what its form says; of two who began alike the second sees what the first did."""
    found = Product.objects.select_related("category").filter(slug=slug).first()
    if found is None:
        error = f"There is no product {slug!r}."
        return refused(request, title="No such product", error=error, status=HTTPStatus.NOT_FOUND)
    try:
        type_ = current_type(found.kind)
    except UnknownTypeError as error:
        return refused(request, title="No such type", error=str(error), status=error.status)
    if request.method != "POST":
        return _form(
            request, found, shown(found), attributes.filled(type_.schema, found.attributes), type_=type_
        )
    return _edited(request, found, type_)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose a type, then make a product of it."""
    types = current_types()
    kind = (request.POST if request.method == "POST" else request.GET).get("kind", "")
    if kind not in types:
        context = {"section": "products", "types": sorted(types), "closed": why_closed()}
        return render(request, "catalog/choose.html", context)
    if request.method == "POST":
        return _made(request, types[kind])
    nothing = {"is_active": False, "takes_photo": True, "position": 0}
    return _form(request, None, nothing, attributes.filled(types[kind].schema, {}), type_=types[kind])


def _edited(request: HttpRequest, found: Product, type_: ProductType) -> HttpResponse:
    form = texts_of(request)
    document, fields = attributes.read(attributes.given(type_.schema, form))
    values = values_of(form)
    if any(each.problems for each in fields):
        return _form(request, found, values, fields, type_=type_, status=HTTPStatus.BAD_REQUEST)
    try:
        changes = checked(ProductChanges, {**values, "attributes": document})
        editing.edit_product(found.slug, changes, if_match=form.get("etag", ""))
    except StaleError as error:
        found.refresh_from_db()
        differing = _differing(found, {**values, "attributes": document})
        return _form(
            request,
            found,
            values,
            fields,
            type_=type_,
            status=error.status,
            meanwhile=differing,
            is_stale=True,
        )
    except RefusedError as error:
        return _form(request, found, values, fields, type_=type_, problem=error, status=error.status)
    return redirect(f"{request.path}?saved=1")


def _made(request: HttpRequest, type_: ProductType) -> HttpResponse:
    form = texts_of(request)
    document, fields = attributes.read(attributes.given(type_.schema, form))
    values = {**values_of(form), "slug": form.get("slug", "").strip()}
    if any(each.problems for each in fields):
        return _form(request, None, values, fields, type_=type_, status=HTTPStatus.BAD_REQUEST)
    try:
        content = {**values, "kind": type_.kind, "attributes": document}
        made = editing.add_product(checked(NewProduct, content))
    except RefusedError as error:
        return _form(request, None, values, fields, type_=type_, problem=error, status=error.status)
    response = redirect("staff:product", slug=made.slug)
    response["Location"] += "?saved=new"
    return response


def _form(  # noqa: PLR0913 - all that a form shows
    request: HttpRequest,
    found: Product | None,
    values: Mapping[str, Any],
    fields: list[Field],
    *,
    type_: ProductType,
    problem: RefusedError | None = None,
    status: int = HTTPStatus.OK,
    meanwhile: list[tuple[str, Any]] | None = None,
    is_stale: bool = False,
) -> HttpResponse:
    unfit: tuple[str, ...] = problem.problems if isinstance(problem, DocumentError) else ()
    is_misfit = (
        request.method != "POST"
        and found is not None
        and bool(unfit := problems_of(found.attributes, type_.schema))
    )
    context = {
        "section": "products",
        "product": found,
        "type": type_,
        "values": values,
        "fields": attributes.with_problems(fields, unfit),
        "is_misfit": is_misfit,
        "etag": etag_of(found) if found else "",
        "categories": Category.objects.order_by("position", "pk"),
        "closed": why_closed(),
        "error": str(problem or ""),
        "meanwhile": meanwhile,
        "is_stale": is_stale,
        "saved": request.GET.get("saved", ""),
    }
    return render(request, "catalog/product.html", context, status=status)


def _differing(found: Product, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what is different now from *values*: pairs of a name and the value of now."""
    now = {**shown(found), "attributes": found.attributes}
    titles = {"is_active": "For sale", "is_featured": "On the home page", "takes_photo": "Made from a photo"}
    return [
        (titles.get(name, name.capitalize()), value)
        for name, value in now.items()
        if value != values.get(name)
    ]


def _facts(found: Product, type_: ProductType | None) -> list[tuple[str, str]]:
    properties = type_.schema.get("properties", {}) if type_ else {}
    return [
        (attributes.title_of(name, properties.get(name, {})), _said(value))
        for name, value in found.attributes.items()
    ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
