"""Product types: which there are, what each says, its versions, and the form of the next one."""

import json
from http import HTTPStatus
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from extracted.catalog import editing
from extracted.catalog.bodies import read_json
from extracted.catalog.documents import DIALECT, current_types, misfits
from extracted.catalog.door import for_staff, refused
from extracted.catalog.errors import BadValueError, RefusedError
from extracted.catalog.models import Product, ProductType
from extracted.catalog.staff.fields import fields_of
from extracted.catalog.staff.forms import texts_of

LONGEST_NOTE = 200
_FIRST = {"$schema": DIALECT, "type": "object", "properties": {}, "additionalProperties": False}


@for_staff
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """List the types, with how many products are of each."""
    counts = dict(Product.objects.values_list("kind").annotate(Count("pk")).order_by())
    types = current_types()
    rows = [
        {"type": types[kind], "products": counts.get(kind, 0), "fields": fields_of(types[kind].schema)}
        for kind in sorted(types)
    ]
    return render(request, "catalog/types.html", {"section": "types", "rows": rows})


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def type_(request: HttpRequest, kind: str) -> HttpResponse:
    """Show a type and its versions, and make the next one."""
    versions = list(ProductType.objects.filter(kind=kind).order_by("-version"))
    if not versions:
        error = f"There is no product type {kind!r}."
        return refused(request, title="No such type", error=error, status=HTTPStatus.NOT_FOUND)
    if request.method == "POST":
        return _make(request, kind, versions)
    wanted = request.GET.get("version", "")
    chosen = next((each for each in versions if str(each.version) == wanted), versions[0])
    return _page(request, kind, versions, chosen=chosen, text=_pretty(chosen.schema))


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make the first version of a new type."""
    if request.method == "POST":
        return _make(request, texts_of(request).get("kind", "").strip(), [])
    return _page(request, "", [], text=_pretty(_FIRST))


def _make(request: HttpRequest, kind: str, versions: list[ProductType]) -> HttpResponse:
    form = texts_of(request)
    text, note = form.get("schema", ""), form.get("note", "").strip()
    try:
        if len(note) > LONGEST_NOTE:
            raise BadValueError("note", note, wanted=f"at most {LONGEST_NOTE} characters long")
        editing.edit_type(
            kind,
            read_json(text, name="the schema"),
            note=note,
            by=str(request.user)[:80],
            if_match=form.get("etag", ""),
        )
    except RefusedError as error:
        chosen = versions[0] if versions else None
        return _page(request, kind, versions, chosen=chosen, text=text, note=note, problem=error)
    response = redirect("staff:type", kind=kind)
    response["Location"] += "?saved=1"
    return response


def _page(
    request: HttpRequest,
    kind: str,
    versions: list[ProductType],
    *,
    text: str,
    chosen: ProductType | None = None,
    note: str = "",
    problem: RefusedError | None = None,
) -> HttpResponse:
    newest = versions[0] if versions else None
    context: dict[str, Any] = {
        "section": "types",
        "kind": kind,
        "versions": versions,
        "newest": newest,
        "chosen": chosen,
        "fields": fields_of(chosen.schema) if chosen else [],
        "misfits": misfits(newest) if newest else [],
        "text": text,
        "note": note,
        "etag": f'"{newest.version if newest else 0}"',
        "error": str(problem or ""),
        "saved": request.GET.get("saved", ""),
    }
    status = problem.status if problem else HTTPStatus.OK
    return render(request, "catalog/type.html", context, status=status)


def _pretty(schema: Any) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)
