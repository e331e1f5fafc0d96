"""Caches of the sandbox's own, empty at its beginning."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def own_caches() -> Iterator[None]:
    """Put an empty cache in place of each, in this thread or task."""
    names = list(caches.settings)
    kept = {name: caches[name] for name in names}
    made = uuid4().hex
    try:
        for name in names:
            caches[name] = LocMemCache(f"{made}-{name}", {})
        yield
    finally:
        for name, cache in kept.items():
            caches[name].clear()
            caches[name] = cache
