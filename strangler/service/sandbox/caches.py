"""Caches of the sandbox's own, empty at its beginning, whoever holds the real ones."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

from strangler.effects.hooks.classes import watch_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS = ("add", "get", "set", "touch", "delete", "has_key", "incr", "decr", "clear")
METHODS_OF_MANY = ("get_many", "set_many", "delete_many", "get_or_set", "incr_version", "decr_version")


class _OwnCache(LocMemCache):
    """A cache in memory that nobody else sees: Django's keeps its entries by name, for all."""

    def __init__(self, real: BaseCache) -> None:
        super().__init__("sandbox", {})
        self._cache: OrderedDict[str, Any] = OrderedDict()
        self._expire_info: dict[str, float | None] = {}
        self.key_prefix, self.version, self.key_func = real.key_prefix, real.version, real.key_func
        self.default_timeout = real.default_timeout


_own: ContextVar[dict[int, _OwnCache] | None] = ContextVar("strangler_sandbox_caches", default=None)


@contextmanager
def own_caches() -> Iterator[None]:
    """Put an empty cache in place of each, in this thread or task and those that it hands its context to."""
    token = _own.set({})
    try:
        yield
    finally:
        _own.reset(token)


def install() -> None:
    """Watch every class of caches, and those that are made later."""
    watch_classes(BaseCache, _watch_class)


def _watch_class(kind: type) -> None:
    if kind is _OwnCache:
        return
    for name in (*METHODS, *METHODS_OF_MANY):
        if name in vars(kind):
            setattr(kind, name, _watched(name, vars(kind)[name]))


def _watched(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(self: BaseCache, *args: Any, **kwargs: Any) -> Any:
        own = _own.get()
        if own is None or isinstance(self, _OwnCache):
            return original(self, *args, **kwargs)
        found = own.get(id(self)) or own.setdefault(id(self), _OwnCache(self))
        return getattr(found, name)(*args, **kwargs)

    return call
