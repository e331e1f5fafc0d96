"""What the texts of a product say of it, as attributes: for products from before there were attributes.

Pure: the same texts give the same attributes, so that the migration knows on its way back which ones it made.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

_NUMBERS = {"five": 5, "ten": 10, "twelve": 12, "twenty": 20, "fifty": 50, "sixty": 60, "hundred": 100}
_SIZE = re.compile(r"\d{1,3} × \d{1,3} cm|A\d")
_FINISHES = ("matt", "glossy", "satin")
_WOODS = ("oak", "walnut", "pine", "ash", "beech", "maple")
_COVERS = ("linen", "leather", "cloth")
_MATERIALS = ("Hahnemühle Photo Rag", "cotton paper", "woven cotton")
_WEIGHT = re.compile(r"\b(\d{2,4}) g\b")
_DEPTH = re.compile(r"\b(\d{1,2}) cm deep")
_PAGES = re.compile(r"\b(\d{1,5}|[a-z]+)(?: black| white)? pages", re.IGNORECASE)
_STACK = re.compile(r"\b(\d{1,5}|[a-z]+) to a stack", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is written of a product: its *prose*, and the names of its *variants* in their order."""

    prose: str
    variants: tuple[str, ...]

    @classmethod
    def of(cls, *prose: str, variants: Iterable[str]) -> "Texts":
        """Join name, summary and description."""
        return cls(prose="\n".join(prose), variants=tuple(variants))

    @property
    def everything(self) -> str:
        """Return all of it."""
        return "\n".join([self.prose, *self.variants])

    def has(self, words: str) -> bool:
        """Whether *words* are in it, not as a part of others."""
        return bool(re.search(rf"\b{re.escape(words)}\b", self.everything, re.IGNORECASE))


def derive(kind: str, texts: Texts) -> dict[str, Any]:
    """Return the attributes of a product of *kind* that *texts* say; what they do not say is left out."""
    found = {name: _READERS[name](texts) for name in _OF_KINDS.get(kind, ())}
    return {name: value for name, value in found.items() if value not in (None, [], False)}


def _sizes(texts: Texts) -> list[str]:
    parts = [part.strip() for name in texts.variants for part in name.split(",")]
    return list(dict.fromkeys(part for part in parts if _SIZE.fullmatch(part)))


def _all_of(words: tuple[str, ...]) -> Callable[[Texts], list[str]]:
    return lambda texts: [word for word in words if texts.has(word)]


def _first_of(words: tuple[str, ...]) -> Callable[[Texts], str | None]:
    return lambda texts: next((word for word in words if texts.has(word)), None)


def _least(pattern: re.Pattern[str], *, times: int = 1) -> Callable[[Texts], int | None]:
    def read(texts: Texts) -> int | None:
        numbers = [_number(each) for each in pattern.findall(texts.everything)]
        return min((each * times for each in numbers if each), default=None)

    return read


def _says(words: str) -> Callable[[Texts], bool]:
    return lambda texts: texts.has(words)


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() else _NUMBERS.get(word.lower())


_READERS: dict[str, Callable[[Texts], Any]] = {
    "acid_free": _says("acid-free"),
    "cover": _first_of(_COVERS),
    "depth_mm": _least(_DEPTH, times=10),
    "finishes": _all_of(_FINISHES),
    "glazing": _first_of(("acrylic", "glass")),
    "lies_flat": _says("lies flat"),
    "material": _first_of(_MATERIALS),
    "months": lambda texts: 12 if texts.has("every month") else None,
    "pages": _least(_PAGES),
    "paper_weight": _least(_WEIGHT),
    "sizes": _sizes,
    "stack": _least(_STACK),
    "starts_any_month": _says("whichever month you like"),
    "woods": _all_of(_WOODS),
}
_OF_KINDS = {
    "print": ("paper_weight", "finishes", "sizes", "material", "acid_free"),
    "square": ("paper_weight", "sizes", "material", "stack"),
    "poster": ("paper_weight", "finishes", "sizes"),
    "canvas": ("material", "sizes", "depth_mm"),
    "frame": ("woods", "sizes", "glazing"),
    "book": ("pages", "cover", "sizes", "lies_flat"),
    "calendar": ("months", "sizes", "starts_any_month"),
    "paper": ("paper_weight", "finishes", "sizes"),
}
