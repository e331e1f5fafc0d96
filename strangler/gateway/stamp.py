"""The version that every rendering carries: of the topology, and of the rollouts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strangler.core.paths import PathPattern

if TYPE_CHECKING:
    from strangler.core.topology import Topology

_WRITTEN = re.compile(r"topology ([0-9a-f]{12}), rollouts ([0-9]+)")
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a rendering was made from.

    Args:
        topology: first digits of a hash over the topology's values; comments and order of keys do not count.
        revision: of the rollouts.
    """

    topology: str
    revision: int

    @classmethod
    def of(cls, topology: Topology, *, revision: int) -> Stamp:
        """Return the stamp of what *topology* and the rollouts at *revision* render."""
        values = json.dumps(_plain(topology), sort_keys=True)
        return cls(topology=hashlib.sha256(values.encode()).hexdigest()[:_DIGITS], revision=revision)

    @classmethod
    def find(cls, text: str) -> Stamp | None:
        """Return the first stamp in *text*: a rendered file, or what a running server says; None without one."""
        found = _WRITTEN.search(text)
        return cls(topology=found[1], revision=int(found[2])) if found else None

    def __str__(self) -> str:
        """Return the form that stands in files and answers."""
        return f"topology {self.topology}, rollouts {self.revision}"


def _plain(value: Any) -> Any:
    """Return *value* as JSON values, the same in every process."""
    if isinstance(value, PathPattern):
        return value.text
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return [[str(key), _plain(content)] for key, content in value.items()]
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)
