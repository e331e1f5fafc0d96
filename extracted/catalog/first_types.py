"""The product types that the service begins with: version 1 of each kind that the shop has.

No attribute is required, since a shop may have products from before it knew attributes. What is not declared is refused.
"""

from typing import Any


def _text(title: str, *values: str) -> dict[str, Any]:
    return {
        "type": "string",
        "title": title,
        **({"enum": list(values)} if values else {"minLength": 1, "maxLength": 100}),
    }


def _count(title: str) -> dict[str, Any]:
    return {"type": "integer", "title": title, "minimum": 1, "maximum": 100_000}


def _list(title: str) -> dict[str, Any]:
    items = {"type": "string", "minLength": 1, "maxLength": 60}
    return {"type": "array", "title": title, "items": items, "uniqueItems": True, "maxItems": 50}


_MATERIAL = _text("Material")
_WEIGHT = _count("Paper weight in g/m²")
_FINISHES = _list("Finishes")
_SIZES = _list("Sizes")

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "print": {
        "paper_weight": _WEIGHT,
        "finishes": _FINISHES,
        "sizes": _SIZES,
        "material": _MATERIAL,
        "acid_free": {"type": "boolean"},
    },
    "square": {
        "paper_weight": _WEIGHT,
        "sizes": _SIZES,
        "material": _MATERIAL,
        "stack": _count("Prints in a stack"),
    },
    "poster": {"paper_weight": _WEIGHT, "finishes": _FINISHES, "sizes": _SIZES},
    "canvas": {"material": _MATERIAL, "sizes": _SIZES, "depth_mm": _count("Depth of the frame in mm")},
    "frame": {
        "woods": _list("Woods"),
        "sizes": _SIZES,
        "glazing": _text("Glazing", "glass", "acrylic", "none"),
    },
    "book": {
        "pages": _count("Pages"),
        "cover": _text("Cover"),
        "sizes": _SIZES,
        "lies_flat": {"type": "boolean"},
    },
    "calendar": {"months": _count("Months"), "sizes": _SIZES, "starts_any_month": {"type": "boolean"}},
    "paper": {"paper_weight": _WEIGHT, "finishes": _FINISHES, "sizes": _SIZES},
}


def schema_of(kind: str) -> dict[str, Any]:
    """Return version 1 of the schema of *kind*."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": ATTRIBUTES[kind],
        "additionalProperties": False,
    }
