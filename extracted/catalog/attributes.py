"""What can be filtered by: the attributes that the product types declare, and how their values are written in a URL."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from extracted.catalog.errors import BadValueError, UnknownParameterError
from extracted.catalog.models import ProductType
from extracted.catalog.values import LARGEST_ID, boolean

PREFIX = "attributes."
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
NUMBERS = frozenset({"integer", "number"})
_LARGEST = 1e300  # beyond it PostgreSQL and SQLite disagree about what a number is
_SCALARS = {"string", "boolean", *NUMBERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of a range: attribute *name* compared with *number*; *comparison* is a key of `COMPARISONS`."""

    name: str
    comparison: str
    number: int | float

    @property
    def parameter(self) -> str:
        """Return how the bound is written in a URL."""
        return f"{PREFIX}{self.name}__{self.comparison}"

    @property
    def is_lower(self) -> bool:
        """Whether what is smaller is left out."""
        return self.comparison.startswith("g")


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
        raise _unknown(name, known)
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


def bound_wanted(name: str, text: str, *, known: Mapping[str, frozenset[tuple[str, bool]]]) -> Bound | None:
    """Return the bound that parameter *name*, `weight__gte`, asks for; None if it is no comparison.

    An attribute whose own name ends like one is itself.
    Raises: UnknownParameterError, BadValueError: the attribute is no number, or *text* is none.
    """
    attribute, separator, comparison = name.rpartition("__")
    if name in known or not separator:
        return None
    if comparison not in COMPARISONS or attribute not in known:
        raise _unknown(name, known)
    if not any(json_type in NUMBERS for json_type, is_list in known[attribute] if not is_list):
        raise BadValueError(f"{PREFIX}{name}", text, wanted=f"left out: {attribute} is no number")
    number = _value(f"{PREFIX}{name}", text, json_type="number")
    return Bound(name=attribute, comparison=comparison, number=number)


def refuse_crossing(bounds: Iterable[Bound]) -> None:
    """Refuse ranges that end before they begin; raises BadValueError."""
    ends: dict[tuple[str, bool], Bound] = {}
    for bound in bounds:
        key = (bound.name, bound.is_lower)
        if key not in ends or (bound.number > ends[key].number) is bound.is_lower:
            ends[key] = bound
    for (name, is_lower), lower in ends.items():
        upper = ends.get((name, False))
        if is_lower and upper and lower.number > upper.number:
            wanted = f"at least {lower.parameter}, which is {lower.number}"
            raise BadValueError(upper.parameter, str(upper.number), wanted=wanted)


def numbers_in(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the attributes of a product type that are numbers."""
    return frozenset(
        name
        for name, each in schema.get("properties", {}).items()
        if any(json_type in NUMBERS and not is_list for json_type, is_list in _forms(each))
    )


def _unknown(name: str, known: Mapping[str, frozenset[tuple[str, bool]]]) -> UnknownParameterError:
    ends = [f"__{each}" for each in COMPARISONS] if "__" in name else []
    names = [f"{PREFIX}{each}{end}" for each in known for end in ("", *ends)]
    return UnknownParameterError(f"{PREFIX}{name}", known=names)


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
    if type(value) is int and abs(value) <= LARGEST_ID:
        return value
    if type(value) is float and json_type == "number" and abs(value) < _LARGEST:
        return value
    raise BadValueError(name, text, wanted=f"of type {json_type}")


def _no_number(text: str) -> Any:
    raise ValueError(text)
