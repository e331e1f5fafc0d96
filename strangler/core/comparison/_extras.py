"""The optional libraries that read bodies, loaded when the first such body comes."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from strangler.errors import MissingExtraError


@cache
def library(module: str, *, package: str) -> Any:
    """Return a module of an optional package.

    Raises: MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(package, extra="compare", needed_for="strangler.core.comparison") from error
