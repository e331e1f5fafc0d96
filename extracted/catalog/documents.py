"""Check documents against the schema of their product type, and schemas against what we take.

Source: JSON Schema, draft 2020-12.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing.exceptions import Unresolvable

from extracted.catalog.errors import BadSchemaError, DocumentError, UnknownTypeError
from extracted.catalog.models import Product, ProductType
from extracted.catalog.values import texts_in

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_PROBLEMS = 10
MOST_MISFITS = 100
_PATTERNS = {"pattern", "patternProperties"}  # one that backtracks would keep a process busy for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A product whose document does not fit a version of its type."""

    slug: str
    problems: tuple[str, ...]


def current_types() -> dict[str, ProductType]:
    """Return the version that counts of every kind."""
    return {each.kind: each for each in ProductType.objects.order_by("version")}


def current_type(kind: str) -> ProductType:
    """Return the version of *kind* that counts; raises UnknownTypeError."""
    types = current_types()
    if kind not in types:
        raise UnknownTypeError(kind, known=sorted(types))
    return types[kind]


def check_document(attributes: Mapping[str, Any], type_: ProductType) -> None:
    """Refuse *attributes* that do not fit; raises DocumentError with up to ten problems."""
    problems = problems_of(attributes, type_.schema)
    if problems:
        raise DocumentError(type_.kind, version=type_.version, problems=problems)


def problems_of(attributes: Any, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with *attributes*, each with its path; empty if they fit."""
    validator = Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(attributes), key=lambda error: (error.json_path, error.message))
    return tuple(_said(error) for error in errors[:MOST_PROBLEMS])


def check_schema(schema: Any) -> None:
    """Refuse what is no schema of documents; raises BadSchemaError.

    A document is an object. References stay inside of the schema, so that nobody else's server is asked; and there are no
    patterns, which can be written so that one text keeps a process busy for ever.
    """
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise BadSchemaError('a schema must be an object with "type": "object": attributes are an object')
    if schema.get("$schema", DIALECT) != DIALECT:
        raise BadSchemaError(f'"$schema" must be {DIALECT}, or left out')
    for key, value in _keywords(schema):
        if key in _PATTERNS:
            raise BadSchemaError(f"{key!r} is not taken: list the values, or say minLength and maxLength")
        if key in {"$ref", "$dynamicRef"} and not str(value).startswith("#"):
            raise BadSchemaError(f"{key!r} must stay inside of the schema (#/$defs/…), not {value!r}")
    if any("\0" in text for text in texts_in(schema)):
        raise BadSchemaError("a schema has no NUL characters")
    try:
        Draft202012Validator.check_schema(schema)
        problems_of({}, schema)
    except SchemaError as error:
        raise BadSchemaError(f"no JSON Schema: {_said(error)}") from None
    except (Unresolvable, RecursionError) as error:
        raise BadSchemaError(f"a reference leads nowhere: {error}") from None


def misfits(type_: ProductType, *, most: int = MOST_MISFITS) -> list[Misfit]:
    """Return the products whose documents do not fit *type_*, by slug, up to *most*.

    They stay as they are and are read as before; only their next edit has to make them fit.
    """
    found: list[Misfit] = []
    rows = Product.objects.filter(kind=type_.kind).order_by("slug").values_list("slug", "attributes")
    for slug, attributes in rows.iterator(chunk_size=500):
        problems = problems_of(attributes, type_.schema)
        if problems:
            found.append(Misfit(slug=slug, problems=problems))
        if len(found) == most:
            break
    return found


def _keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield keywords with their values; names of properties are no keywords."""
    if isinstance(schema, list):
        for each in schema:
            yield from _keywords(each)
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        yield key, value
        if key in {"properties", "$defs", "dependentSchemas"} and isinstance(value, dict):
            for each in value.values():
                yield from _keywords(each)
        elif key not in {"enum", "const", "default", "examples"}:
            yield from _keywords(value)


def _said(error: ValidationError | SchemaError) -> str:
    return f"{error.json_path}: {error.message[:200]}"
