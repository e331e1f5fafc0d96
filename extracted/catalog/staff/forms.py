"""What forms of the staff pages say, in the words of the API."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from extracted.catalog import ownership
from extracted.catalog.errors import NotOwnerError, ShopSilentError
from extracted.catalog.models import Product
from extracted.catalog.values import LARGEST_ID

FLAGS = ("is_active", "is_featured", "takes_photo")
TEXTS = ("name", "category", "summary", "description")


def texts_of(request: HttpRequest) -> dict[str, str]:
    """Return what was sent, with the line ends of everybody else: browsers send CRLF."""
    return {name: text.replace("\r\n", "\n") for name, text in request.POST.items()}


def values_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what *form* says of a product, but for its attributes, as the API takes it; unchecked."""
    texts = {name: form.get(name, "").strip() for name in TEXTS}
    position = form.get("position", "").strip()
    is_number = position.isascii() and position.isdecimal() and len(position) < len(str(LARGEST_ID))
    return {
        **texts,
        **{name: name in form for name in FLAGS},
        "position": int(position) if is_number else position,
    }


def shown(product: Product) -> dict[str, Any]:
    """Return what a form shows of *product*."""
    texts = {name: getattr(product, name) for name in ("name", "summary", "description", "position", *FLAGS)}
    return {**texts, "category": product.category.slug}


def why_closed() -> str:
    """Return why products can't be edited here now; empty if they can."""
    try:
        ownership.require_ownership()
    except (NotOwnerError, ShopSilentError) as error:
        return str(error)
    return ""
