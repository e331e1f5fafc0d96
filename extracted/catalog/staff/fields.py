"""A form for a document: a field for each attribute that a product type declares, and back from the form to the document.

An attribute that is left empty is left out. A value that the field of its attribute can't show, since it does not fit the type, is shown as
JSON; so is what no field is for. Nothing that a document has is lost by a form that somebody sends as it came.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from extracted.catalog.bodies import read_json
from extracted.catalog.errors import BadValueError

PREFIX = "attributes."
AS_JSON = "json."
_SCALARS = {"string": "text", "integer": "number", "number": "number", "boolean": "yes-no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One attribute in a form.

    Args:
        name: of the attribute.
        title, hint: for people.
        control: `text`, `number`, `yes-no`, `choice`, `lines` (a list, one member a line), `json`, or `others`: an object of
            JSON with all attributes that have no field.
        of: what the members of a list are: `text` or `number`.
        limits: HTML attributes of the input.
        choices: pairs of value, as JSON, and label.
        given: what the form shows.
        problems: what is wrong with it.
    """

    name: str
    title: str
    control: str
    hint: str = ""
    of: str = "text"
    limits: Mapping[str, Any]
    choices: tuple[tuple[str, str], ...] = ()
    given: str = ""
    problems: tuple[str, ...] = ()

    @property
    def input(self) -> str:
        """Return the name in the form; it says how the text is to be read."""
        if self.control == "others":
            return self.control
        return f"{AS_JSON if self.control == 'json' else PREFIX}{self.name}"

    def showing(self, value: Any) -> "Field":
        """Return the field with *value*; as JSON if it can't show that otherwise."""
        text = _written(value, self)
        if text is None:
            return replace(self, control="json", given=_json(value))
        return replace(self, given=text)


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """Return an empty field for each attribute that *schema* declares, in its order."""
    required = set(schema.get("required", []))
    properties = schema.get("properties", {})
    return [_field(name, each, is_required=name in required) for name, each in properties.items()]


def title_of(name: str, schema: Mapping[str, Any]) -> str:
    """Return what people call attribute *name*."""
    return str(schema.get("title") or name.replace("_", " ").capitalize())


def filled(schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[Field]:
    """Return the fields of *schema* with the values of *document*, and at last a field for what no other is for."""
    fields = fields_of(schema)
    found = [each.showing(document[each.name]) if each.name in document else each for each in fields]
    others = {name: value for name, value in document.items() if name not in {each.name for each in fields}}
    if others or schema.get("additionalProperties", True) is not False:
        found.append(replace(_OTHERS, given=_json(others) if others else ""))
    return found


def given(schema: Mapping[str, Any], form: Mapping[str, str]) -> list[Field]:
    """Return the fields as *form* was sent."""
    found = []
    for each in fields_of(schema):
        as_json = replace(each, control="json")
        field = as_json if as_json.input in form else each
        found.append(replace(field, given=form.get(field.input, "")))
    return [*found, *([replace(_OTHERS, given=form[_OTHERS.input])] if _OTHERS.input in form else [])]


def read(fields: Iterable[Field]) -> tuple[dict[str, Any], list[Field]]:
    """Return the document that *fields* give, and the fields, with what is wrong with those that give nothing."""
    document: dict[str, Any] = {}
    found = []
    for each in fields:
        try:
            document |= _read(each, document)
        except BadValueError as error:
            found.append(replace(each, problems=(str(error),)))
        else:
            found.append(each)
    return document, found


def with_problems(fields: Iterable[Field], problems: Iterable[str]) -> list[Field]:
    """Return *fields*, each with what *problems* of the whole document say of it."""
    found = tuple(problems)
    return [replace(each, problems=_of_field(each, found) or each.problems) for each in fields]


def _of_field(field: Field, problems: Iterable[str]) -> tuple[str, ...]:
    if field.control == "others":
        return tuple(each.partition(": ")[2] for each in problems if each.startswith("$:"))
    begins = (f"$.{field.name}:", f"$.{field.name}[", f"$.{field.name}.")
    return tuple(each.partition(": ")[2] for each in problems if each.startswith(begins))


def _field(name: str, schema: Any, *, is_required: bool) -> Field:
    schema = schema if isinstance(schema, Mapping) else {}
    control, of = _control(schema)
    limits: dict[str, Any] = {"required": True} if is_required and control not in {"yes-no", "lines"} else {}
    if control == "number":
        is_whole = _types(schema) == {"integer"}
        limits |= {
            "step": 1 if is_whole else "any",
            "min": schema.get("minimum"),
            "max": schema.get("maximum"),
        }
    if control == "text":
        limits["maxlength"] = schema.get("maxLength")
    hint = str(schema.get("description", "")) or ("One on each line." if control == "lines" else "")
    return Field(
        name=name,
        title=title_of(name, schema),
        control=control,
        of=of,
        hint=hint,
        limits={key: value for key, value in limits.items() if value is not None},
        choices=tuple((_json(each), str(each)) for each in schema.get("enum", [])),
    )


def _control(schema: Mapping[str, Any]) -> tuple[str, str]:
    types = _types(schema)
    if "enum" in schema:
        return "choice", ""
    if types <= {"integer", "number"} and types:
        return "number", ""
    if len(types) == 1 and types & set(_SCALARS):
        return _SCALARS[types.pop()], ""
    if types == {"array"} and isinstance(schema.get("items"), Mapping):
        inner, _ = _control(schema["items"])
        if inner in {"text", "number"}:
            return "lines", inner
    return "json", ""


def _types(schema: Mapping[str, Any]) -> set[str]:
    types = schema.get("type", [])
    return ({types} if isinstance(types, str) else set(types)) - {"null"}


def _written(value: Any, field: Field) -> str | None:
    """Return *value* as its field shows it; None if it would not come back the same."""
    if field.control == "lines":
        lines = [_scalar(each, field.of) for each in value] if isinstance(value, list) else [None]
        return "\n".join(map(str, lines)) if all(lines) else None
    if field.control in {"yes-no", "choice"}:
        known = {text for text, _ in field.choices} if field.control == "choice" else {"true", "false"}
        return text if (text := _json(value)) in known else None
    return _scalar(value, field.control)


def _scalar(value: Any, control: str) -> str | None:
    if control == "number":
        return _json(value) if type(value) in (int, float) else None
    is_plain = control == "text" and isinstance(value, str) and value == value.strip() and value.isprintable()
    return value or None if is_plain else None


def _read(field: Field, before: Mapping[str, Any]) -> dict[str, Any]:
    text = field.given.strip()
    if not text:
        return {}
    if field.control == "others":
        return _others(text, before)
    if field.control == "lines":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return {field.name: [_value(field, line, field.of) for line in lines]}
    return {field.name: _value(field, text, field.control)}


def _others(text: str, before: Mapping[str, Any]) -> dict[str, Any]:
    found = read_json(text, name=_OTHERS.title)
    if not isinstance(found, dict):
        raise BadValueError(_OTHERS.title, text, wanted="an object of JSON")
    for name in found:
        if name in before:
            raise BadValueError(_OTHERS.title, name, wanted="free of what has a field of its own")
    return found


def _value(field: Field, text: str, control: str) -> Any:
    if control == "text":
        return text
    if control != "number":
        return read_json(text, name=field.title)
    try:
        value = read_json(text)
    except BadValueError:
        value = None
    if type(value) not in (int, float):
        raise BadValueError(field.title, text, wanted="a number")
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_OTHERS = Field(
    name="",
    title="Other attributes",
    control="others",
    hint="An object of JSON: what the type declares no field for.",
    limits={},
)
