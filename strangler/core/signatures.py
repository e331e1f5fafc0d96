"""Whether what one side calls is what the other side takes.

Signatures cross processes as JSON, since monolith and service never import each other: a list of
`[name, kind, is_required]` per parameter.
"""

from __future__ import annotations

import inspect
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Shape = tuple[tuple[str, ...], tuple[str, ...]]
"""One way to call: what is given by position, and what by name."""

_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_ANYTHING = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}


def signature_of(function: Callable[..., Any]) -> Signature:
    """Return what *function* takes; of a decorator that passes everything on, what is below it takes."""
    outer = inspect.signature(function, follow_wrapped=False)
    passes_on = {each.kind for each in outer.parameters.values()} == _ANYTHING
    return inspect.signature(function) if passes_on else outer


def to_json(signature: Signature) -> list[list[Any]]:
    """Return *signature* as JSON values."""
    return [
        [each.name, each.kind.name, each.default is Parameter.empty] for each in signature.parameters.values()
    ]


def from_json(parameters: Sequence[Sequence[Any]]) -> Signature:
    """Return the signature that `to_json` wrote."""
    return Signature(
        [
            Parameter(name, getattr(Parameter, kind), default=_default(kind, is_required))
            for name, kind, is_required in parameters
        ]
    )


def differences(caller: Signature, receiver: Signature) -> list[str]:
    """Return why calls that *caller* allows would fail or go wrong at *receiver*; empty if none would."""
    found = [*_swapped(caller, receiver)]
    for by_position, by_name in shapes(caller):
        try:
            receiver.bind(*by_position, **dict.fromkeys(by_name))
        except TypeError as error:
            call = ", ".join([*by_position, *(f"{name}=…" for name in by_name)])
            found.append(f"({call}): {error}")
    return list(dict.fromkeys(found))


def shapes(signature: Signature) -> Iterator[Shape]:
    """Yield the ways to call a function: as short and as long as can be, by position and by name."""
    parameters = [each for each in signature.parameters.values() if each.kind not in _ANYTHING]
    for chosen in ([each for each in parameters if each.default is Parameter.empty], parameters):
        names = [each.name for each in chosen if each.kind is Parameter.KEYWORD_ONLY]
        yield tuple(each.name for each in chosen if each.kind in _BY_POSITION), tuple(names)
        first = [each.name for each in chosen if each.kind is Parameter.POSITIONAL_ONLY]
        yield tuple(first), tuple(each.name for each in chosen if each.kind in _BY_NAME)


def _swapped(caller: Signature, receiver: Signature) -> Iterator[str]:
    """Find parameters whose place has another name at the receiver, which takes it without an error."""
    ours = [each.name for each in caller.parameters.values() if each.kind in _BY_POSITION]
    theirs = [each.name for each in receiver.parameters.values() if each.kind in _BY_POSITION]
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if mine != other:
            yield f"parameter {place} is {mine!r} here and {other!r} there"


def _default(kind: str, is_required: bool) -> Any:  # noqa: FBT001 - a column of the JSON
    return Parameter.empty if is_required or kind.startswith("VAR_") else None
