"""What a body or a form asks for, checked against what the API takes."""

import json
from typing import Any

from ninja import Schema
from pydantic import ValidationError

from extracted.catalog.errors import BadValueError
from extracted.catalog.values import refuse_nul


def read_json(text: bytes | str, *, name: str = "the body") -> Any:
    """Return the JSON value of *text*; raises BadValueError."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise BadValueError(name, str(error), wanted="JSON") from None


def checked(schema: type[Schema], content: Any) -> dict[str, Any]:
    """Return what *content* names of *schema*, and nothing that it leaves out; raises BadValueError."""
    try:
        found = schema.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise BadValueError(place, str(first.get("input", "")), wanted=f"right: {first['msg']}") from None
    values = found.model_dump(exclude_unset=True)
    refuse_nul("the body", values)
    return values


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
