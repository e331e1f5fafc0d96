"""Values from outside, checked before a database sees them."""

from collections.abc import Iterator
from typing import Any

from extracted.catalog.errors import BadValueError

LARGEST_ID = 2**63 - 1
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def boolean(name: str, text: str) -> bool:
    """Return what *text* says; raises BadValueError."""
    if text not in _BOOLEANS:
        raise BadValueError(name, text, wanted="true or false")
    return _BOOLEANS[text]


def whole_number(name: str, text: str, *, most: int, least: int = 1) -> int:
    """Return the number between *least* and *most* that *text* is; raises BadValueError."""
    if text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    raise BadValueError(name, text, wanted=f"a whole number from {least} to {most}")


def refuse_nul(name: str, value: Any) -> None:
    """Refuse texts with a NUL character anywhere in *value*: PostgreSQL can't store or compare them."""
    for text in texts_in(value):
        if "\0" in text:
            raise BadValueError(name, text, wanted="free of NUL characters")


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
