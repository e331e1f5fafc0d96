"""Path patterns of routes: Django's `path()` syntax, and a trailing `*` for a prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_CONVERTERS = {"str": r"[^/]+", "int": r"[0-9]+", "slug": r"[-a-zA-Z0-9_]+", "uuid": r"[0-9a-f-]{36}"}
_PARAMETER = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>[A-Za-z_]\w*)>")


class Kind(IntEnum):
    """How specific a pattern is; the lower one wins where two match."""

    EXACT = 0
    PARAMETERS = 1
    PREFIX = 2


@dataclass(frozen=True, slots=True)
class PathPattern:
    """One pattern, compiled.

    Args:
        text: as written in the topology, `/photos/<int:pk>/delete/`.
    """

    text: str
    kind: Kind
    regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathPattern:
        """Compile *text*.

        Raises:
            ValueError: does not begin with a slash, has an unknown converter or a misplaced `*`.
        """
        if not text.startswith("/"):
            raise ValueError(f"{text!r} must begin with a slash, as a URL's path does.")
        body = text.removesuffix("*")
        if "*" in body or "?" in body or "#" in body:
            raise ValueError(f"{text!r}: only a path, with parameters or a `*` at its very end.")
        if body != text:
            if not body.endswith("/") or _PARAMETER.search(body):
                raise ValueError(f"{text!r}: a prefix ends in `/*` and has no parameters.")
            return cls(text, Kind.PREFIX, re.compile(re.escape(body)))
        expression = _to_regex(body)
        kind = Kind.PARAMETERS if _PARAMETER.search(body) else Kind.EXACT
        return cls(text, kind, re.compile(expression + r"\Z"))

    @property
    def literal(self) -> str:
        """The part before the first parameter or `*`."""
        return self.text.split("<", 1)[0].removesuffix("*")

    def matches(self, path: str) -> bool:
        """Whether *path*, decoded as Django sees it, is one of this pattern's."""
        return self.regex.match(path) is not None

    def overlaps(self, other: PathPattern) -> bool:
        """Whether a path may match both and neither is more specific, so that the winner would be chance."""
        if self.kind is not other.kind:
            return False
        if self.kind is not Kind.PARAMETERS:
            return self.text == other.text
        mine, theirs = self.text.split("/"), other.text.split("/")
        return len(mine) == len(theirs) and all(map(_segments_overlap, mine, theirs))


def _to_regex(body: str) -> str:
    parts, end = [], 0
    for match in _PARAMETER.finditer(body):
        converter = match["converter"] or "str"
        if converter not in _CONVERTERS:
            raise ValueError(f"{body!r}: no converter {converter!r}; known: {', '.join(_CONVERTERS)}.")
        parts += [re.escape(body[end : match.start()]), _CONVERTERS[converter]]
        end = match.end()
    rest = body[end:]
    if "<" in rest or ">" in rest:
        raise ValueError(f"{body!r}: a parameter is written <int:name>.")
    return "".join([*parts, re.escape(rest)])


def _segments_overlap(mine: str, theirs: str) -> bool:
    if _PARAMETER.search(mine) and _PARAMETER.search(theirs):
        return True
    if _PARAMETER.search(mine):
        return re.fullmatch(_to_regex(mine), theirs) is not None
    if _PARAMETER.search(theirs):
        return re.fullmatch(_to_regex(theirs), mine) is not None
    return mine == theirs
