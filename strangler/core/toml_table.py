"""One table of the topology file: typed access with errors that name it."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from strangler.errors import TopologyError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping


class Table:
    """One TOML table: typed access with errors that name it."""

    def __init__(self, content: object, *, where: str, known: tuple[str, ...]) -> None:
        if not isinstance(content, dict):
            raise TopologyError("must be a table.", where=where)
        refuse_unknown(content, known=known, where=where)
        self.content = content
        self.where = where

    def get(self, key: str, kind: type, *, default: Any = None) -> Any:
        """Return the value of *key*, which must be of *kind*; required where there is no default."""
        value = self.content.get(key, default)
        if value is None:
            hint = f"Add {key}, or check the spelling of the table's name."
            raise TopologyError(f"has no {key!r}.", where=self.where, hint=hint)
        if type(value) is not kind:
            raise TopologyError(f"{key} must be {_NAMES[kind]}, not {value!r}.", where=self.where)
        return value

    def text(self, key: str, *, default: str | None = None) -> str:
        """Return a text; required where there is no default."""
        value: str = self.get(key, str, default=default)
        return value

    def texts(self, key: str, *, default: list[str]) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self.get(key, list, default=default)
        if not all(isinstance(value, str) for value in values):
            raise TopologyError(f"{key} must be a list of texts, not {values!r}.", where=self.where)
        return tuple(values)

    def positive(self, key: str, *, default: float, kinds: tuple[type, ...] = (int, float)) -> float:
        """Return a number above 0."""
        value: float = self.content.get(key, default)
        if type(value) not in kinds or not math.isfinite(value) or value <= 0:
            raise TopologyError(f"{key} must be a number above 0, not {value!r}.", where=self.where)
        return value

    def not_negative(self, key: str, *, default: float, kinds: tuple[type, ...] = (int, float)) -> float:
        """Return a number, 0 or more."""
        value: float = self.content.get(key, default)
        if type(value) not in kinds or not math.isfinite(value) or value < 0:
            kind = "a whole number" if kinds == (int,) else "a number"
            raise TopologyError(f"{key} must be {kind}, 0 or more, not {value!r}.", where=self.where)
        return value

    def share(self, key: str, *, default: float) -> float:
        """Return a number of 0 or more and below 1."""
        value = self.not_negative(key, default=default)
        if value < 1:
            return value
        hint = f"Write {key} = {default}."
        raise TopologyError(f"{key} must be a share below 1, not {value!r}.", where=self.where, hint=hint)

    def counts(self, key: str, *, default: dict[str, int]) -> Mapping[str, int]:
        """Return a table of whole numbers above 0."""
        values = self.get(key, dict, default=default)
        for name, value in values.items():
            if type(value) is not int or value < 1:
                message = f"{key}.{name} must be a whole number above 0, not {value!r}."
                raise TopologyError(message, where=self.where)
        return MappingProxyType(dict(values))

    def processes(self) -> Mapping[str, str]:
        """Return the command lines of `processes`, in order."""
        commands = self.get("processes", dict, default={})
        for name, command in commands.items():
            if not isinstance(command, str) or not command.strip():
                raise TopologyError(f"processes.{name} must be a command line.", where=self.where)
        return MappingProxyType(dict(commands))


_NAMES = {str: "a text", list: "a list", bool: "true or false", dict: "a table"}


def refuse_unknown(table: Mapping[str, Any], *, known: tuple[str, ...], where: str) -> None:
    """Refuse a key that is not *known*; raises TopologyError with the nearest one."""
    for key in table:
        if key not in known:
            raise TopologyError(
                f"there is no key {key!r}.", where=where, hint=did_you_mean(key, known).strip()
            )
