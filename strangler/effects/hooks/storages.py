"""Files, in whatever storage."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from django.core.files.storage import Storage

from strangler.core.observation import FileWritten
from strangler.effects import at_hand
from strangler.effects.hooks.classes import watch_classes

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("save", "delete", "open", "exists", "size", "path", "listdir")
WRITING = frozenset({"save", "delete"})
DELETED = -1

_is_inside: ContextVar[bool] = ContextVar("strangler_effects_storage", default=False)


def install() -> None:
    """Watch every class of storages, and those that are made later."""
    watch_classes(Storage, _watch_class)


def _watch_class(kind: type) -> None:
    for name in METHODS:
        original = vars(kind).get(name)
        if callable(original) and not hasattr(original, "__wrapped__"):
            setattr(kind, name, _watched(name, original))


def _watched(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(self: Storage, *args: Any, **kwargs: Any) -> Any:
        keeper, recorder = at_hand.keeper.get(), at_hand.recorder.get()
        if (keeper is None and recorder is None) or _is_inside.get():
            return original(self, *args, **kwargs)
        if keeper is not None:
            return keeper.storage(name, original, self, args, kwargs)
        if not (name in WRITING or (name == "open" and is_to_write(args, kwargs))):
            return original(self, *args, **kwargs)
        result = _really(original, self, *args, **kwargs)
        at_hand.recorder.get().file(  # type: ignore[union-attr]  # there is one, or we had returned
            partial(deleted, args, kwargs)
            if name == "delete"
            else partial(read_file, self, result if name == "save" else args[0])
        )
        return result

    return call


def is_to_write(args: Any, kwargs: Any) -> bool:
    """Whether `open` was called with a mode by which the file may be changed."""
    return not set("wax+").isdisjoint(str(kwargs.get("mode", (*args, "rb", "rb")[1])))


def _really(original: Callable[..., Any], storage: Storage, *args: Any, **kwargs: Any) -> Any:
    """Call *original*, and let what it calls of itself count once."""
    token = _is_inside.set(True)
    try:
        return original(storage, *args, **kwargs)
    finally:
        _is_inside.reset(token)


def read_file(storage: Storage, name: str) -> FileWritten:
    """Return what lies in *storage* under *name* now; without a digest if it is gone again."""
    try:
        with storage.open(name) as file:
            content = file.read()
    except OSError:
        return FileWritten(name=name, size=0)
    return FileWritten(name=name, size=len(content), digest=hashlib.sha256(content).hexdigest())


def deleted(args: Any, kwargs: Any) -> FileWritten:
    """Return what a deletion is."""
    name = args[0] if args else kwargs.get("name", "")
    return FileWritten(name=str(name), size=DELETED)
