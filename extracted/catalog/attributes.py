"""What can be filtered by: the attributes that the product types declare, and how their values are written in a URL."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from extracted.catalog.errors import BadValueError, UnknownParameterError
from extracted.catalog.models import ProductType
from extracted.catalog.values import boolean

PREFIX = "attributes."
_LARGEST = 1e300  # beyond it PostgreSQL and SQLite disagree about what a number is
_SCALARS = {"string", "integer", "number", "boolean"}


def declared(types: Iterable[ProductType]) -> dict[str, frozenset[tuple[str, bool]]]:
    """Return attribute → how it is declared: the name of a JSON type, and whether it is a list of such."""
    found: dict[str, set[tuple[str, bool]]] = {}
    for type_ in types:
        for name, schema in type_.schema.get("properties", {}).items():
            found.setdefault(name, set()).update(_forms(schema))
    return {name: frozenset(forms) for name, forms in found.items() if forms}


def documents_wanted(
    name: str, text: str, *, known: Mapping[str, frozenset[tuple[str, bool]]]
) -> list[dict[str, Any]]:
    """Return what a document must contain, one of them, so that attribute *name* is *text*, or its list has it.

    Raises: UnknownParameterError, BadValueError.
    """
    if name not in known:
        raise UnknownParameterError(f"{PREFIX}{name}", known=[f"{PREFIX}{each}" for each in known])
    wanted = []
    for json_type, is_list in sorted(known[name]):
        try:
            value = _value(f"{PREFIX}{name}", text, json_type=json_type)
        except BadValueError:
            continue
        wanted.append({name: [value] if is_list else value})
    if not wanted:
        types = " or ".join(sorted({json_type for json_type, _ in known[name]}))
        raise BadValueError(f"{PREFIX}{name}", text, wanted=f"of type {types}")
    return wanted


def _forms(schema: Any) -> Iterable[tuple[str, bool]]:
    if not isinstance(schema, dict):
        return
    types = schema.get("type", [])
    names = {types} if isinstance(types, str) else set(types)
    if "enum" in schema and not names:
        names = {"string"} if all(isinstance(each, str) for each in schema["enum"]) else set()
    yield from ((each, False) for each in names & _SCALARS)
    if "array" in names:
        yield from ((each, True) for each, is_list in _forms(schema.get("items")) if not is_list)


def _value(name: str, text: str, *, json_type: str) -> Any:
    if json_type == "string":
        return text
    if json_type == "boolean":
        return boolean(name, text)
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        value = None
    if type(value) is int or (type(value) is float and json_type == "number" and abs(value) < _LARGEST):
        return value
    raise BadValueError(name, text, wanted=f"of type {json_type}")


def _no_number(text: str) -> Any:
    raise ValueError(text)
