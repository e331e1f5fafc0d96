"""Check the values of `settings.STRANGLER` one by one; each error names its key.

Raises, all of them: ConfigurationError.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strangler.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


def of_type(kind: type, what: str) -> Callable[[str, Any], Any]:
    """Return a reader of values that are exactly of *kind*, which errors call *what*."""

    def read(key: str, value: Any) -> Any:
        if type(value) is not kind:
            raise ConfigurationError(f'STRANGLER["{key}"] must be {what}, not {value!r}.')
        return value

    return read


def read_duration(key: str, value: Any) -> timedelta:
    """Return a duration of 0 or more."""
    if not isinstance(value, timedelta) or value < timedelta(0):
        raise ConfigurationError(f'STRANGLER["{key}"] must be a timedelta, not {value!r}.')
    return value


def read_count(key: str, value: Any) -> int:
    """Return a whole number above 0."""
    if type(value) is not int or value < 1:
        raise ConfigurationError(f'STRANGLER["{key}"] must be a whole number above 0, not {value!r}.')
    return value


def read_number(key: str, value: Any) -> int:
    """Return a whole number, 0 or more."""
    if type(value) is not int or value < 0:
        raise ConfigurationError(f'STRANGLER["{key}"] must be a whole number, 0 or more, not {value!r}.')
    return value


def read_percent(key: str, value: Any) -> float:
    """Return a share from 0 to 100."""
    if type(value) not in {int, float} or not 0 <= value <= 100:  # noqa: PLR2004 - percent
        raise ConfigurationError(f'STRANGLER["{key}"] must be a number from 0 to 100, not {value!r}.')
    return float(value)


def read_names(key: str, value: Any) -> tuple[str, ...]:
    """Return a list of texts."""
    names = tuple(value) if isinstance(value, list | tuple) else (None,)
    if any(not isinstance(each, str) or not each for each in names):
        raise ConfigurationError(f'STRANGLER["{key}"] must be a list of texts, not {value!r}.')
    return names


def read_replicas(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    """Return the replicas of each primary, by alias."""
    found = {
        primary: read_names(key, names) for primary, names in of_type(dict, "a dict")(key, value).items()
    }
    if empty := [primary for primary, names in found.items() if not names]:
        raise ConfigurationError(f'STRANGLER["{key}"] names no replica of {empty[0]!r}.')
    aliases = [*found, *(name for names in found.values() for name in names)]
    if twice := sorted({alias for alias in aliases if aliases.count(alias) > 1}):
        raise ConfigurationError(
            f'STRANGLER["{key}"] names {twice[0]!r} twice; a server has one place in it.'
        )
    return found


def read_path(key: str, value: Any) -> Path:
    """Return the path of a file, which need not be there."""
    if not isinstance(value, str | Path):
        raise ConfigurationError(f'STRANGLER["{key}"] must be the path of a file, not {value!r}.')
    return Path(value)
